"""Holds `vectors index` against Python's Faiss, both ways, and against broken files.

    check_faiss.py VECTORS     VECTORS is the command line's release build

Prints a line for each failure and a count at the end; exits 1 if anything failed.
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import faiss
import numpy as np

# Enough points for the 256 centroids of an 8-bit quantizer.
COUNT, DIMENSION, QUERIES, K = 10_000, 32, 200, 10
LISTS, PROBES, SUBQUANTIZERS, NEIGHBORS, EF = 32, 8, 8, 32, 64
AGREEMENT = 0.995
# Two builds of Faiss add up in different orders, so distances agree to rounding, relative to the largest.
TOLERANCE = 1e-4
SECONDS = 120

TYPES = {
    "flat": [],
    "ivf-flat": ["--lists", str(LISTS)],
    "ivf-pq": ["--lists", str(LISTS), "--subquantizers", str(SUBQUANTIZERS), "--bits", "8"],
    "hnsw": ["--neighbors", str(NEIGHBORS)],
    "sq8": [],
}
METRICS = {"l2": faiss.METRIC_L2, "ip": faiss.METRIC_INNER_PRODUCT, "cosine": faiss.METRIC_INNER_PRODUCT}
SEARCH = {
    "flat": [],
    "ivf-flat": ["--probes", str(PROBES)],
    "ivf-pq": ["--probes", str(PROBES)],
    "hnsw": ["--ef", str(EF)],
    "sq8": [],
}


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, holds, otherwise=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}: {otherwise}")


class CommandLine:
    def __init__(self, executable):
        self.executable = os.path.abspath(executable)

    def run(self, *arguments):
        return subprocess.run(
            [self.executable, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def succeed(self, *arguments):
        """Standard output of a run that must succeed."""
        done = self.run(*arguments)
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode} from {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def search(self, index, queries, folder, options):
        ids, distances = folder / "ids.ivecs", folder / "distances.fvecs"
        for path in (ids, distances):
            path.unlink(missing_ok=True)
        self.succeed(
            "index", "search", index, "--queries", queries, "-k", K, "--output", ids, "--distances", distances, *options
        )
        return read_vecs(ids, np.int32), read_vecs(distances, np.float32)


def read_vecs(path, kind):
    """The rows of an .ivecs or .fvecs file whose rows are of one length."""
    data = np.fromfile(path, dtype=np.int32)
    width = data[0]
    rows = data.reshape(-1, width + 1)
    if not (rows[:, 0] == width).all():
        raise RuntimeError(f"{path.name}: rows of different lengths")
    return rows[:, 1:].copy().view(kind)


def write_fvecs(path, matrix):
    with open(path, "wb") as file:
        for row in matrix.astype(np.float32):
            file.write(struct.pack("<i", len(row)) + row.tobytes())


def clustered(generator, count):
    """Points around a hundred centres: with structure to quantize, unlike pure noise."""
    centers = np.random.default_rng(7).standard_normal((100, DIMENSION))
    noise = 0.4 * generator.standard_normal((count, DIMENSION))
    return (centers[generator.integers(0, 100, count)] + noise).astype(np.float32)


def prepared(matrix, metric):
    if metric != "cosine":
        return matrix
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def inner_index(index):
    """The index itself, whether or not an id map is around it."""
    index = faiss.downcast_index(index)
    return faiss.downcast_index(index.index) if isinstance(index, faiss.IndexIDMap) else index


def configure(index):
    """Sets what SEARCH sets on our side."""
    inner = inner_index(index)
    if isinstance(inner, faiss.IndexIVF):
        inner.nprobe = PROBES
    if isinstance(inner, faiss.IndexHNSW):
        inner.hnsw.efSearch = EF


def agreement(ids, expected):
    """The share of answers in common, row by row."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(ids.tolist(), expected.tolist())]))


def compare(checks, name, ours, theirs, truth):
    (our_ids, our_distances), (their_distances, their_ids) = ours, theirs
    checks.check(f"{name}: shape", our_ids.shape == their_ids.shape, f"{our_ids.shape}, Python's {their_ids.shape}")
    if our_ids.shape != their_ids.shape:
        return
    share = agreement(our_ids, their_ids)
    checks.check(f"{name}: same ids", share >= AGREEMENT, f"{share:.4f} in common, expected {AGREEMENT}")
    difference = float(np.abs(our_distances - their_distances).max() / max(1.0, np.abs(their_distances).max()))
    checks.check(f"{name}: same distances", difference <= TOLERANCE, f"differ by {difference:.2e}, allowed {TOLERANCE}")
    our_recall, their_recall = agreement(our_ids, truth), agreement(their_ids, truth)
    checks.check(
        f"{name}: same recall", abs(our_recall - their_recall) <= 1 - AGREEMENT, f"{our_recall:.4f}, Python's {their_recall:.4f}"
    )


def exact(base, queries, metric):
    index = faiss.IndexFlat(DIMENSION, METRICS[metric])
    index.add(prepared(base, metric))
    return index.search(prepared(queries, metric), K)[1]


def check_ours_in_python(checks, command, folder, base, queries):
    """What we build and export, Python reads and answers alike."""
    np.save(folder / "base.npy", base)
    write_fvecs(folder / "base.fvecs", base)
    write_fvecs(folder / "queries.fvecs", queries)
    for number, (kind, build_options) in enumerate(TYPES.items()):
        for metric in METRICS:
            name = f"ours in Python, {kind}, {metric}"
            path = folder / f"ours-{kind}-{metric}.faiss"
            source = folder / ("base.npy" if number % 2 == 0 else "base.fvecs")
            try:
                command.succeed("index", "build", source, "--type", kind, "--metric", metric, *build_options, "--output", path)
                # A .faiss file has no cosine: it holds unit vectors under the inner product, to be asked with unit
                # queries.
                write_fvecs(folder / "prepared-queries.fvecs", prepared(queries, metric))
                ours = command.search(path, folder / "prepared-queries.fvecs", folder, SEARCH[kind])
                index = faiss.read_index(str(path))
                checks.check(f"{name}: count", index.ntotal == COUNT, f"{index.ntotal}, expected {COUNT}")
                checks.check(
                    f"{name}: metric", inner_index(index).metric_type == METRICS[metric], str(inner_index(index).metric_type)
                )
                configure(index)
                theirs = index.search(prepared(queries, metric), K)
                compare(checks, name, ours, theirs, exact(base, queries, metric))
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                checks.check(name, False, str(error))


def check_python_in_ours(checks, command, folder, base, queries):
    """What Python builds and writes, we read and answer alike: bare, with given ids, and in an id map."""
    factories = {
        "flat": "Flat",
        "ivf-flat": f"IVF{LISTS},Flat",
        "ivf-pq": f"IVF{LISTS},PQ{SUBQUANTIZERS}np",
        "hnsw": f"HNSW{NEIGHBORS}",
        "sq8": "SQ8",
    }
    # Neither dense nor in order, and within .ivecs's 32 bits.
    given = np.random.default_rng(11).permutation(COUNT).astype(np.int64) * 3 + 1_000_000_007
    for kind, factory in factories.items():
        for metric in ("l2", "ip"):
            for ids in ("own", "mapped", "listed"):
                # Only inverted lists take given ids without a map.
                if ids == "listed" and not kind.startswith("ivf"):
                    continue
                prefix = "IDMap2," if ids == "mapped" else ""
                index = faiss.index_factory(DIMENSION, prefix + factory, METRICS[metric])
                name = f"Python's in ours, {kind}, {metric}, {ids} ids"
                path = folder / f"theirs-{kind}-{metric}-{ids}.faiss"
                try:
                    index.train(base)
                    if ids == "own":
                        index.add(base)
                    else:
                        index.add_with_ids(base, given)
                    faiss.write_index(index, str(path))
                    described = json.loads(command.succeed("index", "info", path, "--json").splitlines()[-1])
                    for key, value in (("count", COUNT), ("dimension", DIMENSION)):
                        checks.check(f"{name}: {key}", described.get(key) == value, f"{described.get(key)}, expected {value}")
                    configure(index)
                    ours = command.search(path, folder / "queries.fvecs", folder, SEARCH[kind])
                    truth = exact(base, queries, metric)
                    compare(checks, name, ours, index.search(queries, K), truth if ids == "own" else given[truth])
                except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                    checks.check(name, False, str(error))


def check_broken(checks, command, folder):
    """A file that is no index ends in exit code 1 and one line, and leaves no output behind."""
    whole = (folder / "ours-ivf-flat-l2.faiss").read_bytes()
    broken = {
        "empty": b"",
        "four bytes": whole[:4],
        "cut in the header": whole[:60],
        "cut in half": whole[: len(whole) // 2],
        "cut by one byte": whole[:-1],
        "unknown type": b"XxXx" + whole[4:],
        "text": b"this is no index\n" * 100,
        "random bytes": np.random.default_rng(3).bytes(4096),
        "huge count": whole[:8] + struct.pack("<q", 1 << 60) + whole[16:],
    }
    for name, data in broken.items():
        path = folder / "broken.faiss"
        path.write_bytes(data)
        output = folder / "broken-ids.ivecs"
        for arguments in (
            ("index", "info", path),
            ("index", "search", path, "--queries", folder / "queries.fvecs", "--output", output),
        ):
            check_refused(checks, command, f"broken file, {name}, {arguments[1]}", arguments)
        checks.check(f"broken file, {name}: no output", not output.exists(), "ids were written")
    check_refused(checks, command, "no such file", ("index", "info", folder / "absent.faiss"))
    write_fvecs(folder / "narrow.fvecs", np.zeros((3, DIMENSION - 1)))
    check_refused(
        checks,
        command,
        "queries of another dimension",
        ("index", "search", folder / "ours-flat-l2.faiss", "--queries", folder / "narrow.fvecs"),
    )


def check_refused(checks, command, name, arguments):
    try:
        done = command.run(*arguments)
    except subprocess.TimeoutExpired:
        checks.check(name, False, f"still running after {SECONDS} s")
        return
    checks.check(f"{name}: exit code 1", done.returncode == 1, f"exit code {done.returncode}")
    lines = done.stderr.splitlines()
    checks.check(f"{name}: one line on standard error", len(lines) == 1 and lines[0].strip() != "", repr(done.stderr[:300]))


def main():
    if len(sys.argv) != 2:
        sys.exit("check_faiss.py: usage: check_faiss.py VECTORS")
    checks, command = Checks(), CommandLine(sys.argv[1])
    generator = np.random.default_rng(1)
    base, queries = clustered(generator, COUNT), clustered(generator, QUERIES)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_ours_in_python(checks, command, folder, base, queries)
        check_python_in_ours(checks, command, folder, base, queries)
        if (folder / "ours-ivf-flat-l2.faiss").exists():
            check_broken(checks, command, folder)
        else:
            checks.check("broken files", False, "there is no whole file to break")
    print(f"interoperability with Faiss {faiss.__version__}: {checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
