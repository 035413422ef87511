#!/usr/bin/env python3
"""Faiss: we (Debian's libfaiss) and the newest wheel from PyPI in turn on the same vectors, equal threads and
parameters. Prints Markdown tables of recall@10 and of ratios, the wheel's time over ours (above 1 we are faster), and
of k-means against scikit-learn's. With --plot, draws recall against queries per second for us, the wheel, hnswlib and
usearch as an SVG."""

import argparse
import datetime
import pathlib
import platform
import re
import tempfile

import numpy as np

from compare import LEVEL, median, ours, ratio, theirs
from datasets import NAMES, dataset, dimension
from plot import curves

# What every program of a peer starts with: reading vectors, timing, recall.
COMMON = """
import json, statistics, sys, time
import numpy as np
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
def recall(ids, truth):
    true = np.fromfile(truth, dtype="<i4").reshape(-1, 11)[:, 1:]
    return float(np.mean([len(np.intersect1d(a, b)) for a, b in zip(ids, true)]) / 10)
def point(search, queries, truth):
    runs = [timed(search) for _ in range(5)]
    return {"recall": recall(runs[0][1], truth),
            "batch_seconds_median": statistics.median(seconds for seconds, _ in runs)}
"""

WHEEL = COMMON + """
import faiss
base, queries, truth, factory, parameters, threads = sys.argv[1:]
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
points = []
for setting in parameters.split(";"):
    if setting:
        faiss.ParameterSpace().set_index_parameters(index, setting)
    points.append(point(lambda: index.search(queries, 10)[1], queries, truth))
singles = queries[:200]
single = [timed(lambda: [index.search(q[None], 10) for q in singles])[0] / len(singles) for _ in range(5)]
print(json.dumps({"train_seconds": train, "add_seconds": add, "points": points, **points[-1],
                  "single_seconds_median": statistics.median(single)}))
"""

HNSWLIB = COMMON + """
import hnswlib
base, queries, truth, efs, threads = sys.argv[1:]
base, queries = read(base), read(queries)
index = hnswlib.Index(space="l2", dim=base.shape[1])
index.init_index(max_elements=len(base), M=32, ef_construction=40)
index.set_num_threads(int(threads))
index.add_items(base, np.arange(len(base)))
points = []
for ef in efs.split(";"):
    index.set_ef(int(ef))
    points.append(point(lambda: index.knn_query(queries, k=10)[0], queries, truth))
print(json.dumps({"points": points}))
"""

USEARCH = COMMON + """
from usearch.index import Index
base, queries, truth, efs, threads = sys.argv[1:]
base, queries = read(base), read(queries)
index = Index(ndim=base.shape[1], metric="l2sq", dtype="f32", connectivity=32, expansion_add=40)
index.add(np.arange(len(base)), base, threads=int(threads))
points = []
for ef in efs.split(";"):
    index.expansion_search = int(ef)
    points.append(point(lambda: index.search(queries, 10, threads=int(threads)).keys, queries, truth))
print(json.dumps({"points": points}))
"""

SCIKIT = COMMON + """
import warnings
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
warnings.simplefilter("ignore", ConvergenceWarning)
base, clusters, iterations, seed, threads = sys.argv[1:]
base = read(base)
with threadpool_limits(int(threads)):
    model = KMeans(int(clusters), n_init=1, max_iter=int(iterations), tol=0, algorithm="lloyd",
                   random_state=int(seed))
    seconds, _ = timed(lambda: model.fit(base))
print(json.dumps({"seconds": seconds, "inertia": float(model.inertia_)}))
"""

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("base", nargs="?", type=pathlib.Path, help=".fvecs, .bvecs or .npy; without it, see --data")
parser.add_argument("queries", nargs="?", type=pathlib.Path, help="the same")
parser.add_argument("--data", choices=NAMES, help="100,000 × 128 SIFT (if this machine has them), 399,000 × 50 GloVe "
                    "from PyPI, 1,000,000 × 96 made up, or 100,000 embeddings made up; by default the first of these "
                    "that can be had")
parser.add_argument("--dimension", type=int, default=768, help="of embeddings")
parser.add_argument("--only", action="append", help="of the indexes, only those that start so, such as IVF; or k-means")
parser.add_argument("--lists", type=int, default=1024)
parser.add_argument("--probes", type=int, default=16)
parser.add_argument("--ef", type=int, default=64)
parser.add_argument("--subquantizers", type=int, help="by default 16, or the largest number below that divides")
parser.add_argument("--clusters", type=int, default=1024, help="of k-means")
parser.add_argument("--iterations", type=int, default=10, help="of k-means")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--plot", type=pathlib.Path, help="where a plot of recall and speed goes, .svg")
arguments = parser.parse_args()
if (arguments.base is None) != (arguments.queries is None):
    parser.error("give a base and queries, or neither")
base, queries = (arguments.base, arguments.queries) if arguments.base else dataset(arguments.data, arguments.dimension)
threads = ["--threads", arguments.threads]


def processor():
    try:
        found = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def cases():
    """For each index: Faiss's name, how we build it, how we search it, and how the wheel does."""
    parts = arguments.subquantizers or max(n for n in range(1, 17) if dimension(base) % n == 0)
    probes, nprobe = ["--probes", arguments.probes], f"nprobe={arguments.probes}"
    lists, quantized = ["--lists", arguments.lists], ["--subquantizers", parts]
    return [
        ("Flat", ["--type", "flat"], [], ""),
        (f"IVF{arguments.lists},Flat", ["--type", "ivf-flat", *lists], probes, nprobe),
        (f"IVF{arguments.lists},PQ{parts}np", ["--type", "ivf-pq", *lists, *quantized], probes, nprobe),
        (f"PQ{parts}x4fs", ["--type", "pq-fast-scan", *quantized], [], ""),
        (f"OPQ{parts},PQ{parts}x4fs", ["--type", "pq-fast-scan", "--opq", *quantized], [], ""),
        (f"IVF{arguments.lists},PQ{parts}x4fs", ["--type", "ivf-pq-fast-scan", *lists, *quantized], probes, nprobe),
        *[(f"RR,RaBitQfs{bits}", ["--type", "rabitq", "--bits", bits], [], "") for bits in (1, 2, 4)],
        *[(f"RR,IVF{arguments.lists},RaBitQ{end}", ["--type", "ivf-rabitq", "--bits", bits, *lists], probes, nprobe)
          for bits, end in ((1, "fs"), (4, "4"))],  # Of the wheel's two, the faster.
        ("SQ8", ["--type", "sq8"], [], ""),
        ("HNSW32", ["--type", "hnsw", "--neighbors", 32], ["--ef", arguments.ef], f"efSearch={arguments.ef}"),
    ]


def wanted(name):
    return arguments.only is None or any(name.startswith(start) for start in arguments.only)


def search(index, truth, *options):
    return ours("index", "search", index, "--queries", queries, "--truth", truth, *options, *threads)


def compare_indexes(truth, index):
    print("| index | recall@10 | the wheel's | training | adding | batch search | single query |")
    print("|---|---|---|---|---|---|---|")
    for factory, build, options, parameters in cases():
        if not wanted(factory):
            continue
        mine, wheel = [], []
        for _ in range(arguments.rounds):
            run = ours("index", "build", base, "--output", index, *build, *threads)
            mine.append(run | search(index, truth, *options))
            wheel.append(theirs(WHEEL, base, queries, truth, factory, parameters, arguments.threads))
        cells = [f"{median(mine, 'recall'):.3f}", f"{median(wheel, 'recall'):.3f}"]
        cells.append("" if factory in ["Flat", "HNSW32"] else ratio(wheel, mine, "train_seconds"))
        cells += [ratio(wheel, mine, key) for key in ["add_seconds", "batch_seconds_median", "single_seconds_median"]]
        print(f"| {factory} | " + " | ".join(cells) + " |", flush=True)


def compare_clustering(labels):
    """Both start by k-means++ and make as many iterations; inertias show whether they came equally far."""
    mine, scikit = [], []
    for seed in range(1, arguments.rounds + 1):
        mine.append(ours("cluster", base, "-k", arguments.clusters, "--iterations", arguments.iterations, "--seed", seed,
                         "--output", labels, *threads))
        scikit.append(theirs(SCIKIT, base, arguments.clusters, arguments.iterations, seed, arguments.threads))
    print("\n| k-means | inertia | scikit-learn's | time |\n|---|---|---|---|")
    print(f"| {arguments.clusters} clusters, {arguments.iterations} iterations | {median(mine, 'inertia'):.5g} | "
          f"{median(scikit, 'inertia'):.5g} | {ratio(scikit, mine, 'seconds')} |", flush=True)


def draw(truth, index):
    efs, probes = [16, 32, 64, 128, 256], [1, 4, 8, 16, 32, 64]
    count = len(np.fromfile(truth, dtype="<i4")) // 11

    def speeds(points):
        return [(point["recall"], count / point["batch_seconds_median"]) for point in points]

    series = {}
    for name, build, option, values, factory, parameter in [
        ("HNSW32", ["--type", "hnsw", "--neighbors", 32], "--ef", efs, "HNSW32", "efSearch"),
        ("IVF", ["--type", "ivf-flat", "--lists", arguments.lists], "--probes", probes,
         f"IVF{arguments.lists},Flat", "nprobe"),
    ]:
        ours("index", "build", base, "--output", index, *build, *threads)
        series[f"swift-faiss, {name}"] = speeds([search(index, truth, option, value) for value in values])
        settings = ";".join(f"{parameter}={value}" for value in values)
        wheel = theirs(WHEEL, base, queries, truth, factory, settings, arguments.threads)
        series[f"Faiss's wheel, {name}"] = speeds(wheel["points"])
    for name, program in [("hnswlib", HNSWLIB), ("usearch", USEARCH)]:
        peer = theirs(program, base, queries, truth, ";".join(map(str, efs)), arguments.threads)
        series[f"{name}, HNSW32"] = speeds(peer["points"])
    title = f"{base.stem}, {arguments.threads} threads, {datetime.date.today()}"
    arguments.plot.write_text(curves(title, "recall@10", "queries per second", series))


with tempfile.TemporaryDirectory() as folder:
    truth, index = pathlib.Path(folder, "truth.ivecs"), pathlib.Path(folder, "index.vindex")
    theirs(WHEEL, base, queries, truth, "truth", "", arguments.threads)
    level = f" held to {LEVEL}" if LEVEL else ""
    print(f"{datetime.date.today()}, {processor()}{level}, {base.name}, {arguments.threads} threads, medians of "
          f"{arguments.rounds} runs in turn; times are the peer's over ours\n")
    compare_indexes(truth, index)
    if wanted("k-means"):
        compare_clustering(pathlib.Path(folder, "labels.txt"))
    if arguments.plot:
        draw(truth, index)
