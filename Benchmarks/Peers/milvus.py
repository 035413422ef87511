"""Imports vectors into the real Milvus server and searches them, by pymilvus and by this package in turn, on one server.

    milvus.py BASE.npy QUERIES.npy [--rounds 2] [--server http://127.0.0.1:19530]

Both store a text key and two fields a row, in batches of 10,000, with an IVF_FLAT index of 448 lists; searches visit 21 lists
and read what is visible, without waiting. Half of the rows pass the filter. One in a hundred passes the narrow one, for which
pymilvus answers with what its lists hold, and this package exactly. Run it where the server is:
`Scripts/milvus-server.sh exec full python milvus.py …`.
"""
import argparse
import json
import statistics
import subprocess
import time

import numpy as np
from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility


# Seconds after which the servers search in the index that they have just built.
SETTLING = 8


def pymilvus_round(base, queries, server):
    connections.connect(uri=server)
    name = "measured_python"
    if utility.has_collection(name):
        utility.drop_collection(name)
    collection = Collection(name, CollectionSchema([
        FieldSchema("key", DataType.VARCHAR, max_length=4096, is_primary=True),
        FieldSchema("vector", DataType.FLOAT_VECTOR, dim=base.shape[1]),
        FieldSchema("metadata", DataType.JSON),
    ]), shards_num=1)
    collection.create_index("vector", {"index_type": "IVF_FLAT", "metric_type": "L2", "params": {"nlist": 448}})
    collection.load()
    start = time.perf_counter()
    for first in range(0, len(base), 10_000):
        some = range(first, min(first + 10_000, len(base)))
        collection.upsert([
            [str(row) for row in some],
            base[some.start:some.stop],
            [{"part": row % 100, "name": f"row {row}"} for row in some],
        ])
    figures = {"import_seconds": time.perf_counter() - start}
    start = time.perf_counter()
    collection.flush()
    utility.wait_for_index_building_complete(name)
    figures["index_seconds"] = time.perf_counter() - start
    time.sleep(SETTLING)
    collection.search(queries[:1], "vector", {"metric_type": "L2"}, 10, consistency_level="Strong")

    def search(some, expression=None):
        return collection.search(some, "vector", {"metric_type": "L2", "params": {"nprobe": 21}}, 10, expr=expression,
                                 output_fields=["metadata"], consistency_level="Eventually")

    times, figures["keys"] = [], []
    for query in queries[:300]:
        start = time.perf_counter()
        answer = search(query[None])
        times.append(time.perf_counter() - start)
        figures["keys"].append([hit.id for hit in answer[0]])
    figures["single_milliseconds"] = 1000 * statistics.median(times)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        search(queries)
        times.append(time.perf_counter() - start)
    figures["batch_milliseconds"] = 1000 * statistics.median(times) / len(queries)
    for figure, expression in ("filtered", 'metadata["part"] < 50'), ("narrow", 'metadata["part"] == 7'):
        times = []
        for query in queries[:50]:
            start = time.perf_counter()
            search(query[None], expression)
            times.append(time.perf_counter() - start)
        figures[f"{figure}_milliseconds"] = 1000 * statistics.median(times)
    times = []
    for _ in range(100):
        start = time.perf_counter()
        collection.query("", output_fields=["count(*)"], consistency_level="Eventually")
        times.append(time.perf_counter() - start)
    figures["count_milliseconds"] = 1000 * statistics.median(times)
    utility.drop_collection(name)
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("queries")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--server", default="http://127.0.0.1:19530")
    parser.add_argument("--program", default=".build/release/milvus-soak")
    arguments = parser.parse_args()
    base = np.load(arguments.base).astype(np.float32)
    queries = np.load(arguments.queries).astype(np.float32)
    truth = [set(np.argpartition(((base - query) ** 2).sum(1), 10)[:10].astype(str)) for query in queries[:300]]
    rounds = {"pymilvus": [], "swift-faiss": []}

    def swift_round():
        output = subprocess.run([arguments.program, "measure", "--server", arguments.server, "--base", arguments.base,
                                 "--queries", arguments.queries, "--settling", str(SETTLING)],
                                check=True, capture_output=True, text=True).stdout
        return json.loads(output)

    for number in range(arguments.rounds):
        # A B B A: what the server still does for the collection before falls on both.
        for name in sorted(rounds, reverse=number % 2 == 1):
            rounds[name].append(
                swift_round() if name == "swift-faiss" else pymilvus_round(base, queries, arguments.server))
    for name, figures in rounds.items():
        for figure in figures:
            found = figure.pop("keys")
            figure["recall"] = sum(len(truth[i] & set(keys)) for i, keys in enumerate(found)) / (10 * len(found))
    for figure in rounds["pymilvus"][0]:
        ours, theirs = ([round[figure] for round in rounds[name]] for name in ("swift-faiss", "pymilvus"))
        print(f"{figure:22} {' '.join(f'{value:.3f}' for value in ours)} / {' '.join(f'{value:.3f}' for value in theirs)}")
        print(f"{figure:22} swift-faiss {statistics.median(ours):9.3f}   pymilvus {statistics.median(theirs):9.3f}   "
              f"ratio {statistics.median(theirs) / statistics.median(ours):5.2f}")


if __name__ == "__main__":
    main()
