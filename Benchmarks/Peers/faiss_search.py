#!/usr/bin/env python3
"""Faiss: we (Debian's libfaiss) and the newest wheel from PyPI in turn on the same vectors, equal threads and
parameters. Prints a Markdown table of recall@10 and of ratios, the wheel's time over ours: above 1 we are faster."""

import argparse
import pathlib
import tempfile

from compare import median, ours, ratio, theirs

WHEEL = """
import json, statistics, sys, time
import faiss, numpy as np
base, queries, truth, factory, parameters, threads = sys.argv[1:]
def read(path):
    if path.endswith(".npy"):
        return np.ascontiguousarray(np.load(path), dtype="float32")
    item = np.uint8 if path.endswith(".bvecs") else np.float32
    dimension = int(np.fromfile(path, dtype="<i4", count=1)[0])
    raw = np.fromfile(path, dtype=np.uint8).reshape(-1, 4 + dimension * np.dtype(item).itemsize)[:, 4:]
    return np.ascontiguousarray(np.ascontiguousarray(raw).view(item), dtype="float32")
def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result
faiss.omp_set_num_threads(int(threads))
base, queries = read(base), read(queries)
if factory == "truth":
    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base)
    ids = index.search(queries, 10)[1].astype("<i4")
    np.hstack([np.full((len(ids), 1), 10, dtype="<i4"), ids]).tofile(truth)
    print("{}")
    sys.exit()
index = faiss.index_factory(base.shape[1], factory)
train, _ = timed(lambda: index.train(base))
add, _ = timed(lambda: index.add(base))
if parameters:
    faiss.ParameterSpace().set_index_parameters(index, parameters)
runs = [timed(lambda: index.search(queries, 10)) for _ in range(5)]
singles = queries[:200]
single = [timed(lambda: [index.search(q[None], 10) for q in singles])[0] / len(singles) for _ in range(5)]
true = np.fromfile(truth, dtype="<i4").reshape(-1, 11)[:, 1:]
recall = float(np.mean([len(np.intersect1d(a, b)) for a, b in zip(runs[0][1][1], true)]) / 10)
print(json.dumps({"train_seconds": train, "add_seconds": add, "recall": recall,
                  "batch_seconds_median": statistics.median(r[0] for r in runs),
                  "single_seconds_median": statistics.median(single)}))
"""

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("base", help=".fvecs, .bvecs or .npy")
parser.add_argument("queries", help="the same")
parser.add_argument("--lists", type=int, default=1024)
parser.add_argument("--probes", type=int, default=16)
parser.add_argument("--ef", type=int, default=64)
parser.add_argument("--subquantizers", type=int, default=16)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()

probes = ["--probes", arguments.probes]
cases = [
    ("Flat", ["--type", "flat"], [], ""),
    (f"IVF{arguments.lists},Flat", ["--type", "ivf-flat", "--lists", arguments.lists], probes,
     f"nprobe={arguments.probes}"),
    (f"IVF{arguments.lists},PQ{arguments.subquantizers}np",
     ["--type", "ivf-pq", "--lists", arguments.lists, "--subquantizers", arguments.subquantizers], probes,
     f"nprobe={arguments.probes}"),
    ("HNSW32", ["--type", "hnsw", "--neighbors", 32], ["--ef", arguments.ef], f"efSearch={arguments.ef}"),
    ("SQ8", ["--type", "sq8"], [], ""),
]
print(f"{arguments.threads} threads, medians of {arguments.rounds} runs in turn\n")
print("| index | recall@10 | the wheel's | training | adding | batch search | single query |")
print("|---|---|---|---|---|---|---|")
with tempfile.TemporaryDirectory() as folder:
    truth, index = pathlib.Path(folder, "truth.ivecs"), pathlib.Path(folder, "index.vindex")
    theirs(WHEEL, arguments.base, arguments.queries, truth, "truth", "", arguments.threads)
    threads = ["--threads", arguments.threads]
    for factory, build, search, parameters in cases:
        mine, wheel = [], []
        for _ in range(arguments.rounds):
            run = ours("index", "build", arguments.base, "--output", index, *build, *threads)
            run |= ours("index", "search", index, "--queries", arguments.queries, "--truth", truth, *search, *threads)
            mine.append(run)
            wheel.append(theirs(WHEEL, arguments.base, arguments.queries, truth, factory, parameters,
                                arguments.threads))
        cells = [f"{median(mine, 'recall'):.3f}", f"{median(wheel, 'recall'):.3f}"]
        trains = factory.startswith("IVF") or factory == "SQ8"
        cells.append(ratio(wheel, mine, "train_seconds") if trains else "")
        cells += [ratio(wheel, mine, key) for key in ["add_seconds", "batch_seconds_median", "single_seconds_median"]]
        print(f"| {factory} | " + " | ".join(cells) + " |", flush=True)
