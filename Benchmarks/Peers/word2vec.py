#!/usr/bin/env python3
"""Word2Vec: we, gensim and fastText in turn on the same text, equal threads and settings.

Speed is words of the vocabulary, times epochs, over seconds of training (fastText: as it says itself). gensim reads the
text by both of its ways, an iterator over sentences and `corpus_file`; after two rounds only the fastest peer of each
setting goes on. Quality is measured on models of more epochs: accuracy on analogies and Spearman's correlation with
word pairs, in percent, both sides scored by `vectors evaluate`; gensim trains through its iterator, because by
`corpus_file` its learning rate stays higher. Our scores of one model are checked against gensim's own.

Prints Markdown tables, and with --plot writes the speeds as an SVG.
"""

import argparse
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

from compare import median, ours, theirs
from plot import bars

GENSIM = """
import json, sys, time
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
corpus, way, output, architecture, loss, epochs, threads, seed = sys.argv[1:]
source = {"corpus_file": corpus} if way == "file" else {"corpus_iterable": LineSentence(corpus)}
model = Word2Vec(vector_size=100, window=5, min_count=5, sample=1e-3, alpha=0.025, epochs=int(epochs),
                 sg=int(architecture == "skip-gram"), hs=int(loss == "hierarchical-softmax"),
                 negative=0 if loss == "hierarchical-softmax" else 5, workers=int(threads), seed=int(seed))
model.build_vocab(**source)
words = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key) * int(epochs)
start = time.perf_counter()
model.train(**source, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=int(epochs))
seconds = time.perf_counter() - start
model.wv.save_word2vec_format(output, binary=True)
print(json.dumps({"words_per_second": words / seconds}))
"""

SCORES = """
import json, sys
from gensim.models import KeyedVectors
vectors = KeyedVectors.load_word2vec_format(sys.argv[1], binary=True, unicode_errors="replace")
scores = {}
for path in sys.argv[2:]:
    if path.endswith("questions-words.txt"):
        scores[path] = 100 * vectors.evaluate_word_analogies(path, restrict_vocab=30000)[0]
    else:
        scores[path] = 100 * vectors.evaluate_word_pairs(path, restrict_vocab=30000, delimiter=None)[1][0]
print(json.dumps(scores))
"""

SETTINGS = [(architecture, loss) for architecture in ["skip-gram", "cbow"]
            for loss in ["negative-sampling", "hierarchical-softmax"]]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("corpus", type=pathlib.Path, help="a text, a sentence a line or all in one")
parser.add_argument("--analogies", type=pathlib.Path, help="questions to score with")
parser.add_argument("--pairs", type=pathlib.Path, action="append", default=[], help="word pairs to score with")
parser.add_argument("--epochs", type=int, default=1, help="of the runs that are timed")
parser.add_argument("--rounds", type=int, default=8, help="runs of each side that are timed")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--quality-epochs", type=int, default=5, help="of the models that are scored")
parser.add_argument("--quality-seeds", type=int, default=3, help="models of each side that are scored; 0 for none")
parser.add_argument("--plot", type=pathlib.Path, help="where a plot of the speeds goes, .svg")
arguments = parser.parse_args()


def name(setting):
    return {"skip-gram": "skip-gram", "cbow": "CBOW"}[setting[0]] + ", " + setting[1].replace("-", " ")


class Systems:
    """All that can train, by name; each run leaves its vectors at `model`."""

    def __init__(self, folder):
        self.model = pathlib.Path(folder, "model.bin")
        self.lines = pathlib.Path(folder, "lines.txt")
        # Peers cut a line off after 10,000 words, and gensim reads line by line: an endless line becomes many.
        with open(arguments.corpus) as text, open(self.lines, "w") as lines:
            for line in text:
                words = line.split()
                for start in range(0, len(words), 1000):
                    lines.write(" ".join(words[start:start + 1000]) + "\n")

    def we(self, setting, epochs, seed):
        return ours("train", self.lines, "--output", self.model, "--architecture", setting[0], "--loss", setting[1],
                    "--epochs", epochs, "--threads", arguments.threads, "--seed", seed)

    def gensim(self, way, setting, epochs, seed):
        return theirs(GENSIM, self.lines, way, self.model, *setting, epochs, arguments.threads, seed)

    def fasttext(self, setting, epochs, seed):
        loss = "hs" if setting[1] == "hierarchical-softmax" else "ns"
        command = ["fasttext", setting[0].replace("-", ""), "-input", self.lines, "-output", self.model, "-dim", 100,
                   "-ws", 5, "-neg", 5, "-minCount", 5, "-t", 1e-3, "-lr", 0.025, "-maxn", 0, "-loss", loss,
                   "-epoch", epochs, "-thread", arguments.threads]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
        speeds = re.findall(r"words/sec/thread:\s+(\d+)", done.stdout + done.stderr)
        return {"words_per_second": int(speeds[-1]) * arguments.threads}

    def peers(self):
        peers = {"gensim, file": lambda *run: self.gensim("file", *run),
                 "gensim, iterator": lambda *run: self.gensim("iterator", *run)}
        if shutil.which("fasttext"):
            peers["fastText"] = self.fasttext
        return peers

    def scores(self):
        """The model's scores by name, in percent, as `vectors evaluate` gives them."""
        scores = {}
        if arguments.analogies:
            scores["analogies"] = ours("evaluate", self.model, "--analogies", arguments.analogies)["analogies"]
        for pairs in arguments.pairs:
            scores[pairs.stem] = ours("evaluate", self.model, "--pairs", pairs)["spearman"]
        return scores


def compare_speed(systems):
    peers = systems.peers()
    print(f"Words per second, {arguments.epochs} epoch(s), {arguments.threads} threads, medians of up to "
          f"{arguments.rounds} runs in turn\n")
    print("| | swift-faiss | " + " | ".join(peers) + " | ratio to the fastest peer |")
    print("|---" * (len(peers) + 3) + "|")
    speeds = {}
    for setting in SETTINGS:
        runs = {"swift-faiss": [], **{peer: [] for peer in peers}}
        for seed in range(1, arguments.rounds + 1):
            runs["swift-faiss"].append(systems.we(setting, arguments.epochs, seed))
            fastest = max(peers, key=lambda peer: median(runs[peer], "words_per_second") if runs[peer] else 0)
            for peer, train in peers.items():
                if seed <= 2 or peer == fastest:
                    runs[peer].append(train(setting, arguments.epochs, seed))
        speeds[name(setting)] = {system: median(values, "words_per_second") for system, values in runs.items()}
        of_setting = speeds[name(setting)]
        ratio = of_setting["swift-faiss"] / max(of_setting[peer] for peer in peers)
        print(f"| {name(setting)} | " + " | ".join(f"{speed / 1e6:.2f} M" for speed in of_setting.values())
              + f" | **{ratio:.1f} ×** |", flush=True)
    return speeds


def compare_quality(systems):
    print(f"\nQuality after {arguments.quality_epochs} epochs, means of {arguments.quality_seeds} seeds, in percent, "
          "swift-faiss / gensim (iterator)\n")
    for setting in SETTINGS:
        scores = {"swift-faiss": [], "gensim": []}
        for seed in range(1, arguments.quality_seeds + 1):
            systems.we(setting, arguments.quality_epochs, seed)
            scores["swift-faiss"].append(systems.scores())
            if setting == SETTINGS[0] and seed == 1:
                check_scores(systems, scores["swift-faiss"][0])
                print("| | " + " | ".join(scores["swift-faiss"][0]) + " | mean |")
                print("|---" * (len(scores["swift-faiss"][0]) + 2) + "|")
            systems.gensim("iterator", setting, arguments.quality_epochs, seed)
            scores["gensim"].append(systems.scores())
        tests = list(scores["gensim"][0])
        means = [[statistics.mean(of_seed[test] for of_seed in side) for test in tests] for side in scores.values()]
        cells = [f"{mine:.1f} / {theirs:.1f}" for mine, theirs in
                 zip(*(side + [statistics.mean(side)] for side in means))]
        print(f"| {name(setting)} | " + " | ".join(cells) + " |", flush=True)


def check_scores(systems, mine):
    """Ends with an error if gensim scores the model otherwise."""
    files = [file for file in [arguments.analogies, *arguments.pairs] if file]
    for (test, score), peer in zip(mine.items(), theirs(SCORES, systems.model, *files).values()):
        if abs(score - peer) > 0.01:
            raise SystemExit(f"{test}: we score {score}, gensim scores {peer}")


with tempfile.TemporaryDirectory() as folder:
    systems = Systems(folder)
    speeds = compare_speed(systems)
    if arguments.plot:
        arguments.plot.write_text(bars("Word2Vec training, millions of words per second", speeds))
    if arguments.quality_seeds and (arguments.analogies or arguments.pairs):
        compare_quality(systems)
