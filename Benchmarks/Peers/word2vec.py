#!/usr/bin/env python3
"""The speed of Word2Vec: we, gensim and fastText in turn on the same text, equal threads and settings.

Speed is words of the vocabulary, times epochs, over seconds of training (fastText: as it says itself). gensim reads the
text by both of its ways, an iterator over sentences and `corpus_file`; after two rounds only the fastest peer of each
setting goes on. Prints a Markdown table, and with --plot writes it as an SVG.
"""

import argparse
import pathlib
import tempfile

from compare import median
from plot import bars
from word2vec_systems import SETTINGS, Systems, name

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("corpus", type=pathlib.Path, help="a text, a sentence a line or all in one")
parser.add_argument("--epochs", type=int, default=1, help="of each run")
parser.add_argument("--rounds", type=int, default=8, help="runs of each side")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--plot", type=pathlib.Path, help="where a plot of the speeds goes, .svg")
arguments = parser.parse_args()


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


with tempfile.TemporaryDirectory() as folder:
    speeds = compare_speed(Systems(arguments.corpus, folder, arguments.threads))
    if arguments.plot:
        arguments.plot.write_text(bars("Word2Vec training, millions of words per second", speeds))
