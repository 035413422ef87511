#!/usr/bin/env python3
"""The vector store: we, Chroma, LanceDB and zvec in turn on the same vectors, each by its ordinary Python or Swift interface,
one query at a time. Each fills its store in one process and opens and searches it in another, so that what opening takes
of memory is not hidden by what filling has left. Prints a Markdown table of medians.

Row i has the key i and the metadata {"part": i mod 100}; the filtered searches ask for part < 1, 10 and 50, that is 1, 10
and 50 percent of the rows. Each system searches with the least effort (ours: probes; Chroma: ef; LanceDB: probes) whose
recall@10 is 0.95 or more; ours once its rows have come into memory, the
memory then, and how long after opening that is. Chroma keeps its HNSW graph; LanceDB gets inverted lists of whole vectors, the fastest of its
indexes at this recall here, and a scalar index on the field; zvec an HNSW graph of 16 links and an inverted index on the
field. Ours and Chroma wait for the disk in each upsert."""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from compare import median, theirs

COMMON = """
import json, os, statistics, sys, time
import numpy as np
stage, folder, *rest = sys.argv[1:]
if stage == "fill":
    base, singles = np.load(rest[0]), int(rest[1])
else:
    queries, truth = np.load(rest[0]), np.load(rest[1])
k, efforts = 10, [16, 32, 64, 100, 150, 200, 400, 800]
def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
def measure(search):
    found = []
    for block, share in enumerate([100, 1, 10, 50]):
        for effort in efforts:
            times, hits = [], 0
            for row, query in enumerate(queries):
                seconds, ids = timed(lambda: search(query, share, effort))
                times.append(seconds)
                hits += len(set(ids) & set(truth[block][row].tolist()))
            recall = hits / len(queries) / k
            if recall >= 0.95 or effort == efforts[-1]:
                found.append({"share": share, "seconds": statistics.median(times), "recall": recall,
                              "setting": f"effort {effort}"})
                break
    return found
"""

CHROMA = COMMON + """
import chromadb
from chromadb.config import Settings
def client():
    return chromadb.PersistentClient(path=folder, settings=Settings(anonymized_telemetry=False))
if stage == "fill":
    rows = client().create_collection("rows", embedding_function=None, configuration={"hnsw": {"space": "l2"}})
    step = min(5000, client().get_max_batch_size())
    def fill():
        for start in range(0, len(base), step):
            block = range(start, min(start + step, len(base)))
            rows.upsert(ids=[str(i) for i in block], embeddings=base[start:start + step],
                        metadatas=[{"part": i % 100} for i in block])
    importing, _ = timed(fill)
    upserts = [timed(lambda: rows.upsert(ids=[str(len(base) + i)], embeddings=base[i:i + 1],
                                         metadatas=[{"part": i % 100}]))[0] for i in range(singles)]
    rows.delete(ids=[str(len(base) + i) for i in range(singles)])
    print(json.dumps({"import_seconds": importing, "index_seconds": 0, "upsert_seconds": statistics.median(upserts)}))
    sys.exit()
before = resident()
def open_again():
    rows = client().get_collection("rows", embedding_function=None)
    rows.query(query_embeddings=queries[:1], n_results=k, include=["distances", "metadatas"])
    return rows
opening, rows = timed(open_again)
memory = resident() - before
effort_now = 0
def search(query, share, effort):
    global effort_now
    if effort != effort_now:
        rows.modify(configuration={"hnsw": {"ef_search": effort}})
        effort_now = effort
    where = None if share == 100 else {"part": {"$lt": share}}
    found = rows.query(query_embeddings=query[None], n_results=k, where=where, include=["distances", "metadatas"])
    return [int(i) for i in found["ids"][0]]
print(json.dumps({"open_seconds": opening, "bytes_per_vector": memory / rows.count(), "searches": measure(search)}))
"""

LANCE = COMMON + """
import lancedb, pyarrow as pa
def table(first, vectors):
    count = len(vectors)
    return pa.table({"id": pa.array(range(first, first + count)),
                     "part": pa.array([i % 100 for i in range(first, first + count)]),
                     "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])})
if stage == "fill":
    store = lancedb.connect(folder)
    everything = table(0, base)
    importing, rows = timed(lambda: store.create_table("rows", everything))
    def index():
        rows.create_index(metric="l2", index_type="IVF_FLAT", num_partitions=512)
        rows.create_scalar_index("part")
    indexing, _ = timed(index)
    upserts = []
    for i in range(singles):
        one = table(len(base) + i, base[i:i + 1])
        upserts.append(timed(lambda: rows.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                             .execute(one))[0])
    rows.delete(f"id >= {len(base)}")
    rows.optimize()
    print(json.dumps({"import_seconds": importing, "index_seconds": indexing,
                      "upsert_seconds": statistics.median(upserts)}))
    sys.exit()
before = resident()
def open_again():
    rows = lancedb.connect(folder).open_table("rows")
    rows.search(queries[0]).limit(k).select(["id", "part"]).to_arrow()
    return rows
opening, rows = timed(open_again)
memory = resident() - before
def search(query, share, effort):
    asked = rows.search(query).limit(k).nprobes(effort).select(["id", "part"])
    if share != 100:
        asked = asked.where(f"part < {share}", prefilter=True)
    return asked.to_arrow()["id"].to_pylist()
print(json.dumps({"open_seconds": opening, "bytes_per_vector": memory / rows.count_rows(), "searches": measure(search)}))
"""

ZVEC = COMMON + """
import zvec
from zvec import Doc, HnswQueryParam, Query
def hnsw():
    return zvec.HnswIndexParam(metric_type=zvec.MetricType.L2, m=16, ef_construction=200)
path = folder + "/rows"
if stage == "fill":
    os.makedirs(folder)
    part = zvec.FieldSchema("part", zvec.DataType.INT64,
                            index_param=zvec.InvertIndexParam(enable_range_optimization=True))
    vector = zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, base.shape[1], hnsw())
    rows = zvec.create_and_open(path, zvec.CollectionSchema("rows", fields=[part], vectors=[vector]))
    def put(first, vectors):
        rows.upsert([Doc(str(first + i), vectors={"v": row}, fields={"part": (first + i) % 100})
                     for i, row in enumerate(vectors)])
    def fill():
        for start in range(0, len(base), 1000):
            put(start, base[start:start + 1000])
        rows.flush()
    importing, _ = timed(fill)
    indexing, _ = timed(rows.optimize)
    upserts = [timed(lambda: (put(len(base) + i, base[i:i + 1]), rows.flush()))[0] for i in range(singles)]
    rows.delete([str(len(base) + i) for i in range(singles)])
    rows.optimize()
    rows.close()
    print(json.dumps({"import_seconds": importing, "index_seconds": indexing,
                      "upsert_seconds": statistics.median(upserts)}))
    sys.exit()
before = resident()
def ask(rows, query, share, effort):
    return rows.query(Query("v", vector=query, param=HnswQueryParam(ef=effort)), topk=k, output_fields=["part"],
                      filter=None if share == 100 else f"part < {share}")
def open_again():
    rows = zvec.open(path)
    ask(rows, queries[0], 100, efforts[0])
    return rows
opening, rows = timed(open_again)
memory = resident() - before
print(json.dumps({"open_seconds": opening, "bytes_per_vector": memory / rows.stats.doc_count,
                  "searches": measure(lambda query, share, effort: [int(doc.id) for doc in
                                                                    ask(rows, query, share, effort)])}))
"""

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("base", help=".npy, float32")
parser.add_argument("queries", help=".npy, float32")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--singles", type=int, default=200, help="upserts one by one")
parser.add_argument("--systems", default="swift-faiss,Chroma,LanceDB,zvec", help="which, with commas between")
parser.add_argument("--memory", type=int, default=0, help="MiB that our collections may take in a column of its own")
arguments = parser.parse_args()
PROGRAM = pathlib.Path(__file__).resolve().parents[2] / ".build/benchmarks/release/measure-storage"


def ours(*values):
    done = subprocess.run([PROGRAM, *map(str, values)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"measure-storage: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def true_neighbours(base, queries):
    """Ids of the ten nearest rows of each query, among all rows and among those of each share."""
    blocks = []
    for share in [100, 1, 10, 50]:
        ids = np.flatnonzero(np.arange(len(base)) % 100 < share)
        part = base[ids].astype(np.float64)
        squares = (part * part).sum(1)
        block = []
        for start in range(0, len(queries), 20):
            products = queries[start:start + 20].astype(np.float64) @ part.T
            block += [ids[np.argpartition(squares - 2 * row, 10)[:10]] for row in products]
        blocks.append(np.array(block, dtype="<i4"))
    return np.stack(blocks)


with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
    scratch = pathlib.Path(scratch)
    base, queries = np.load(arguments.base), np.load(arguments.queries)
    truth = true_neighbours(base, queries)
    np.save(scratch / "truth.npy", truth)
    flat = truth.reshape(-1, 10)
    np.hstack([np.full((len(flat), 1), 10, dtype="<i4"), flat]).tofile(scratch / "truth.ivecs")
    runs = {system: [] for system in arguments.systems.split(",")}
    limited = f"swift-faiss, {arguments.memory} MiB"
    if arguments.memory > 0:
        runs = {"swift-faiss": [], limited: []} | runs
    for _ in range(arguments.rounds):
        for system, results in runs.items():
            folder = scratch / "store"
            shutil.rmtree(folder, ignore_errors=True)
            if system.startswith("swift-faiss"):
                memory = arguments.memory if system == limited else 0
                results.append(ours("fill", arguments.base, folder, arguments.singles, memory)
                               | ours("search", arguments.queries, scratch / "truth.ivecs", folder, memory))
            else:
                program = {"Chroma": CHROMA, "LanceDB": LANCE, "zvec": ZVEC}[system]
                results.append(theirs(program, "fill", folder, arguments.base, arguments.singles)
                               | theirs(program, "search", folder, arguments.queries, scratch / "truth.npy"))

print(f"{len(base)} x {base.shape[1]}, {len(queries)} queries, medians of {arguments.rounds} runs in turn\n")
print("| | " + " | ".join(runs) + " |")
print("|---" * (len(runs) + 1) + "|")
for name, key, factor, unit in [("import", "import_seconds", 1, "s"), ("index, after the import", "index_seconds", 1, "s"),
                                ("upsert of one row", "upsert_seconds", 1e3, "ms"),
                                ("opening and first answer", "open_seconds", 1, "s"),
                                ("until all is in memory", "load_seconds", 1, "s"),
                                ("memory a vector", "bytes_per_vector", 1, "bytes")]:
    print(f"| {name} | " + " | ".join(f"{median(results, key) * factor:.3g} {unit}" if key in results[0] else ""
                                     for results in runs.values()) + " |")
for place, share in enumerate(["search", "search, 1 % pass", "search, 10 % pass", "search, 50 % pass"]):
    cells = []
    for results in runs.values():
        searches = [run["searches"][place] for run in results]
        cells.append(f"{median(searches, 'seconds') * 1e3:.2f} ms ({median(searches, 'recall'):.3f}, "
                     f"{searches[0]['setting']})")
    print(f"| {share} | " + " | ".join(cells) + " |")
