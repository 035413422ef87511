#!/usr/bin/env python3
"""Searches by vectors and words: we and LanceDB in turn on the same rows, one query at a time; and our BM25 against that of
bm25s. Prints Markdown tables of medians.

Texts are pieces of the English corpus (Scripts/corpus.sh) of some 60 words in lower case; a query is five words of one.
Vectors are made up: the mean of a fixed random vector a word, so that near ones share words.

    hybrid.py CORPUS [--rows 100000] [--queries 200] [--rounds 3]
"""

import argparse
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from compare import median, ratio, theirs

LANCE = """
import json, os, statistics, sys, time
import numpy as np, lancedb, pyarrow as pa
from lancedb.rerankers import RRFReranker
texts, base, query_texts, queries, folder = sys.argv[1:]
texts, query_texts = [open(f).read().splitlines() for f in (texts, query_texts)]
base, queries = np.load(base), np.load(queries)
def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result
data = pa.table({"id": pa.array(range(len(base))), "text": pa.array(texts),
                 "vector": pa.FixedSizeListArray.from_arrays(pa.array(base.reshape(-1)), base.shape[1])})
store = lancedb.connect(folder)
importing, rows = timed(lambda: store.create_table("rows", data))
words, _ = timed(lambda: rows.create_fts_index("text", stem=False, remove_stop_words=False, with_position=False))
indexing, _ = timed(lambda: rows.create_index(metric="cosine", index_type="IVF_FLAT", num_partitions=316))
reranker = RRFReranker()
def vector(i):
    return rows.search(queries[i]).metric("cosine").nprobes(27).limit(10)
def hybrid(i):
    return rows.search(query_type="hybrid").vector(queries[i]).text(query_texts[i]).metric("cosine").nprobes(27) \\
        .limit(10).rerank(reranker)
def measure(search):
    times, ids = [], []
    for i in range(len(queries)):
        seconds, found = timed(lambda: search(i).to_list())
        times.append(seconds)
        ids.append([row["id"] for row in found][:10])
    return {"seconds": statistics.median(times), "ids": ids}
print(json.dumps({"import_seconds": importing + words, "index_seconds": indexing, "vector": measure(vector),
                  "words": measure(lambda i: rows.search(query_texts[i], query_type="fts").limit(10)),
                  "hybrid": measure(hybrid)}))
"""

MEASURE = pathlib.Path(__file__).resolve().parents[2] / ".build/benchmarks/release/measure-hybrid"

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("corpus", type=pathlib.Path)
parser.add_argument("--rows", type=int, default=100_000)
parser.add_argument("--queries", type=int, default=200)
parser.add_argument("--dimension", type=int, default=128)
parser.add_argument("--rounds", type=int, default=3)
arguments = parser.parse_args()
random = np.random.default_rng(1)


def make(folder):
    """Writes texts and vectors of rows and queries, and returns the four files."""
    words = []
    with open(arguments.corpus, encoding="utf-8") as lines:
        for line in lines:
            words += re.findall("[a-z]+", line.lower())
            if len(words) > 60 * arguments.rows:
                break
    count = min(arguments.rows, len(words) // 60)
    texts = [words[60 * row:60 * row + 60] for row in range(count)]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    table = random.standard_normal((len(numbers), arguments.dimension), dtype=np.float32)
    # Rare words say more, as their vectors do.
    table *= 1 / np.sqrt(np.bincount([numbers[word] for word in words], minlength=len(numbers)))[:, None]
    asked = [list(random.choice(sorted(set(texts[row])), 5, replace=False))
             for row in random.choice(count, arguments.queries, replace=False)]
    paths = []
    for name, some in [("base", texts), ("queries", asked)]:
        lines, vectors = folder / f"{name}.txt", folder / f"{name}.npy"
        lines.write_text("".join(" ".join(text) + "\n" for text in some))
        np.save(vectors, np.stack([table[[numbers[word] for word in text]].sum(0) for text in some]))
        paths += [lines, vectors]
    return paths


def ours(paths, folder):
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([MEASURE, *paths, folder], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"measure-hybrid: {done.stderr.strip()}")
    return json.loads(done.stdout)


def compare_order(paths, found):
    """Holds our answers by words against bm25s, which reckons in single precision, too."""
    import bm25s
    texts, queries = ([line.split() for line in path.read_text().splitlines()] for path in (paths[0], paths[2]))
    model = bm25s.BM25(k1=1.2, b=0.75, method="robertson")
    model.index(texts, show_progress=False)
    equal = 0
    for query, ids in zip(queries, found["ids"]):
        scores = model.get_scores(query)
        expected = np.sort(scores)[::-1][:len(ids)]
        # Equally good rows within rounding may change places.
        equal += bool(np.allclose(scores[ids], expected, rtol=1e-5))
    print(f"\nBM25: {equal} of {len(queries)} queries have bm25s's best ten, in its order")


with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    paths = make(scratch)
    mine, lance = [], []
    for _ in range(arguments.rounds):
        mine.append(ours(paths, scratch / "ours"))
        shutil.rmtree(scratch / "lance", ignore_errors=True)
        lance.append(theirs(LANCE, *paths, scratch / "lance"))
    print(f"{arguments.rows} texts, {arguments.dimension} dimensions, {arguments.queries} queries\n")
    print("| | ours | LanceDB | ratio |\n|---|---|---|---|")
    for key, name in [("import_seconds", "import with words, s"), ("index_seconds", "index of vectors, s")]:
        print(f"| {name} | {median(mine, key):.2f} | {median(lance, key):.2f} | {ratio(lance, mine, key)} |")
    for key in ["vector", "words", "hybrid"]:
        pair = [[run[key] for run in runs] for runs in (mine, lance)]
        values = [median(runs, "seconds") * 1e3 for runs in pair]
        print(f"| {key}, ms | {values[0]:.2f} | {values[1]:.2f} | {ratio(pair[1], pair[0], 'seconds')} |")
    compare_order(paths, mine[0]["words"])
