#!/usr/bin/env python3
"""The quality of word vectors: we and gensim on the first megabytes of a text, equal threads and settings.

Both sides' vectors are scored by `vectors evaluate`: analogies answered and Spearman's correlation with word pairs, in
percent, and the mean of all. gensim trains through its iterator, because by `corpus_file` its learning rate stays
higher. Our scores of one model are checked against gensim's own.

Prints a Markdown table, ours / gensim's, each a mean over the seeds with its standard error; ours is bold where it is
lower than gensim's by more than the standard error of the difference, and then the program ends with an error. Runs are
kept in a file, a JSON object a line, so that a long comparison can go on later, and gensim need not train again for
each change of ours: `--again` repeats ours alone.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys
import tempfile

from compare import ours, theirs
from word2vec_systems import SETTINGS, Systems, name

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

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("corpus", type=pathlib.Path, help="a text, a sentence a line or all in one")
parser.add_argument("--analogies", type=pathlib.Path, help="questions to score with")
parser.add_argument("--pairs", type=pathlib.Path, action="append", default=[], help="word pairs to score with")
parser.add_argument("--megabytes", type=int, nargs="+", default=[1, 6, 30, 100], help="of the text, each a comparison")
parser.add_argument("--epochs", type=int, nargs="+", default=[3, 5, 20])
parser.add_argument("--seeds", type=int, default=5, help="models of each side")
parser.add_argument("--settings", type=int, nargs="+", default=range(len(SETTINGS)),
                    help="which of " + ", ".join(f"{number} ({name(setting)})" for number, setting in enumerate(SETTINGS)))
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--runs", type=pathlib.Path, required=True, help="the file of runs, which may exist")
parser.add_argument("--again", action="store_true", help="train our side again")
arguments = parser.parse_args()
files = [file for file in [arguments.analogies, *arguments.pairs] if file]
if not files:
    sys.exit("nothing to score with: give --analogies or --pairs")

runs = {}
if arguments.runs.exists():
    for line in arguments.runs.read_text().splitlines():
        *key, scores = json.loads(line)
        runs[tuple(key)] = scores


def scores_of(model):
    """The model's scores by name, in percent, as `vectors evaluate` gives them."""
    scores = {}
    if arguments.analogies:
        scores["analogies"] = ours("evaluate", model, "--analogies", arguments.analogies)["analogies"]
    for pairs in arguments.pairs:
        scores[pairs.stem] = ours("evaluate", model, "--pairs", pairs)["spearman"]
    return scores


def check_scores(model, mine):
    """Ends with an error if gensim scores the model otherwise."""
    for (test, score), peer in zip(mine.items(), theirs(SCORES, model, *files).values()):
        if abs(score - peer) > 0.01:
            sys.exit(f"{test}: we score {score}, gensim scores {peer}")


def run(systems, system, megabytes, setting, epochs, seed):
    """A run's scores: those that are kept, or of a model that is trained now."""
    key = (system, megabytes, *setting, epochs, seed, arguments.threads)
    if key not in runs:
        if system == "gensim":
            systems.gensim("iterator", setting, epochs, seed)
        else:
            systems.we(setting, epochs, seed)
        runs[key] = scores_of(systems.model)
        if system != "gensim" and seed == 1 and setting == SETTINGS[0]:
            check_scores(systems.model, runs[key])
        with open(arguments.runs, "a") as file:
            file.write(json.dumps([*key, runs[key]]) + "\n")
    return [*runs[key].values(), statistics.mean(runs[key].values())]


def mean_and_error(values):
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return statistics.mean(values), error


if arguments.again:
    runs = {key: scores for key, scores in runs.items() if key[0] == "gensim"}
print("| MB | epochs | | " + " | ".join(file.stem for file in files) + " | mean |")
print("|---" * (len(files) + 4) + "|")
lower = 0
for megabytes in arguments.megabytes:
    with tempfile.TemporaryDirectory() as folder:
        systems = Systems(arguments.corpus, folder, arguments.threads, megabytes * 1_000_000)
        for epochs in arguments.epochs:
            for setting in [SETTINGS[number] for number in arguments.settings]:
                sides = [[run(systems, system, megabytes, setting, epochs, seed)
                          for seed in range(1, arguments.seeds + 1)] for system in ["swift-faiss", "gensim"]]
                cells = []
                for mine, peer in zip(zip(*sides[0]), zip(*sides[1])):
                    (mean, error), (peers_mean, peers_error) = mean_and_error(mine), mean_and_error(peer)
                    is_lower = peers_mean - mean > math.hypot(error, peers_error)
                    text = f"{mean:.1f} ± {error:.1f}"
                    cells.append(f"{f'**{text}**' if is_lower else text} / {peers_mean:.1f} ± {peers_error:.1f}")
                # The single tests are too small to decide by.
                lower += is_lower
                print(f"| {megabytes} | {epochs} | {name(setting)} | " + " | ".join(cells) + " |", flush=True)
if lower:
    sys.exit(f"{lower} means are lower than gensim's")
