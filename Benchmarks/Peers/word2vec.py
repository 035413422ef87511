#!/usr/bin/env python3
"""Word2Vec: we and gensim in turn on the same text, equal threads and settings. Prints a Markdown table.

Speed is words of the vocabulary, times epochs, over seconds of training; gensim reads the text by its fast path
(`corpus_file`). With --pairs, quality stands beside it: Spearman's correlation in percent, the mean over the files,
both sides scored by `vectors evaluate`.
"""

import argparse
import pathlib
import statistics
import tempfile

from compare import median, ours, theirs

GENSIM = """
import json, sys, time
from gensim.models import Word2Vec
corpus, output, architecture, loss, epochs, threads, seed = sys.argv[1:]
model = Word2Vec(vector_size=100, window=5, min_count=5, sample=1e-3, alpha=0.025, epochs=int(epochs),
                 sg=int(architecture == "skip-gram"), hs=int(loss == "hierarchical-softmax"),
                 negative=0 if loss == "hierarchical-softmax" else 5, workers=int(threads), seed=int(seed))
model.build_vocab(corpus_file=corpus)
words = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key) * int(epochs)
start = time.perf_counter()
model.train(corpus_file=corpus, total_words=model.corpus_total_words, epochs=int(epochs))
seconds = time.perf_counter() - start
model.wv.save_word2vec_format(output, binary=True)
print(json.dumps({"words_per_second": words / seconds}))
"""

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("corpus", help="a text, a sentence a line")
parser.add_argument("--pairs", action="append", default=[], help="word pairs to score; may be given several times")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()


def quality(model):
    return statistics.mean(ours("evaluate", model, "--pairs", pairs)["spearman"] for pairs in arguments.pairs)


print(f"{arguments.epochs} epochs, {arguments.threads} threads, medians of {arguments.rounds} runs in turn\n")
print("| | words/s | gensim's words/s | ratio |" + (" Spearman | gensim's |" if arguments.pairs else ""))
print("|---|---|---|---|" + ("---|---|" if arguments.pairs else ""))
with tempfile.TemporaryDirectory() as folder:
    our_model, their_model = pathlib.Path(folder, "ours.bin"), pathlib.Path(folder, "theirs.bin")
    for architecture in ["skip-gram", "cbow"]:
        for loss in ["negative-sampling", "hierarchical-softmax"]:
            mine, gensim = [], []
            for seed in range(1, arguments.rounds + 1):
                run = ours("train", arguments.corpus, "--output", our_model, "--architecture", architecture,
                           "--loss", loss, "--epochs", arguments.epochs, "--threads", arguments.threads,
                           "--seed", seed)
                peer = theirs(GENSIM, arguments.corpus, their_model, architecture, loss, arguments.epochs,
                              arguments.threads, seed)
                if arguments.pairs:
                    run["quality"], peer["quality"] = quality(our_model), quality(their_model)
                mine.append(run)
                gensim.append(peer)
            speed, peer_speed = median(mine, "words_per_second"), median(gensim, "words_per_second")
            row = f"| {architecture}, {loss.replace('-', ' ')} | {speed / 1e6:.2f} M | {peer_speed / 1e6:.2f} M | "
            row += f"**{speed / peer_speed:.1f} ×** |"
            if arguments.pairs:
                row += f" {median(mine, 'quality'):.1f} | {median(gensim, 'quality'):.1f} |"
            print(row, flush=True)
