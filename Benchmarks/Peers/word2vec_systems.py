"""What both Word2Vec comparisons share: training on a text by us, gensim and fastText, with equal threads and settings."""

import pathlib
import re
import shutil
import subprocess

from compare import ours, theirs

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

SETTINGS = [(architecture, loss) for architecture in ["skip-gram", "cbow"]
            for loss in ["negative-sampling", "hierarchical-softmax"]]


def name(setting):
    return {"skip-gram": "skip-gram", "cbow": "CBOW"}[setting[0]] + ", " + setting[1].replace("-", " ")


class Systems:
    """All that can train, by name; each run leaves its vectors at `model`."""

    def __init__(self, text, folder, threads, size=None):
        """`size` takes the first bytes of the text alone."""
        self.threads = threads
        self.model = pathlib.Path(folder, "model.bin")
        self.lines = pathlib.Path(folder, "lines.txt")
        # Peers cut a line off after 10,000 words, and gensim reads line by line: an endless line becomes many.
        left = size or text.stat().st_size
        with open(text, "rb") as source, open(self.lines, "wb") as lines:
            while left > 0 and (line := source.readline(left)):
                left -= len(line)
                words = line.split()
                for start in range(0, len(words), 1000):
                    lines.write(b" ".join(words[start:start + 1000]) + b"\n")

    def we(self, setting, epochs, seed):
        return ours("train", self.lines, "--output", self.model, "--architecture", setting[0], "--loss", setting[1],
                    "--epochs", epochs, "--threads", self.threads, "--seed", seed)

    def gensim(self, way, setting, epochs, seed):
        return theirs(GENSIM, self.lines, way, self.model, *setting, epochs, self.threads, seed)

    def fasttext(self, setting, epochs, seed):
        loss = "hs" if setting[1] == "hierarchical-softmax" else "ns"
        command = ["fasttext", setting[0].replace("-", ""), "-input", self.lines, "-output", self.model, "-dim", 100,
                   "-ws", 5, "-neg", 5, "-minCount", 5, "-t", 1e-3, "-lr", 0.025, "-maxn", 0, "-loss", loss,
                   "-epoch", epochs, "-thread", self.threads]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
        speeds = re.findall(r"words/sec/thread:\s+(\d+)", done.stdout + done.stderr)
        return {"words_per_second": int(speeds[-1]) * self.threads}

    def peers(self):
        peers = {"gensim, file": lambda *run: self.gensim("file", *run),
                 "gensim, iterator": lambda *run: self.gensim("iterator", *run)}
        if shutil.which("fasttext"):
            peers["fastText"] = self.fasttext
        return peers
