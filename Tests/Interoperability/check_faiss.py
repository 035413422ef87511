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

LISTED = ["--lists", str(LISTS)]
PARTS = ["--subquantizers", str(SUBQUANTIZERS)]
# Each type: how we build it, what Python builds, and how both search. Python's OPQ learns from a different start, so a
# rotation is compared in each direction by files alone.
TYPES = {
    "flat": (["--type", "flat"], "Flat"),
    "ivf-flat": (["--type", "ivf-flat", *LISTED], f"IVF{LISTS},Flat"),
    "ivf-pq": (["--type", "ivf-pq", *LISTED, *PARTS, "--bits", "8"], f"IVF{LISTS},PQ{SUBQUANTIZERS}np"),
    "hnsw": (["--type", "hnsw", "--neighbors", str(NEIGHBORS)], f"HNSW{NEIGHBORS}"),
    "sq8": (["--type", "sq8"], "SQ8"),
    "sq6": (["--type", "sq6"], "SQ6"),
    "sq4": (["--type", "sq4"], "SQ4"),
    "fp16": (["--type", "fp16"], "SQfp16"),
    "pq": (["--type", "pq", *PARTS], f"PQ{SUBQUANTIZERS}np"),
    "pq-fast-scan": (["--type", "pq-fast-scan", *PARTS], f"PQ{SUBQUANTIZERS}x4fs"),
    "ivf-sq8": (["--type", "ivf-sq8", *LISTED], f"IVF{LISTS},SQ8"),
    "ivf-fp16": (["--type", "ivf-fp16", *LISTED], f"IVF{LISTS},SQfp16"),
    "ivf-pq-fast-scan": (["--type", "ivf-pq-fast-scan", *LISTED, *PARTS], f"IVF{LISTS},PQ{SUBQUANTIZERS}x4fs"),
    "rabitq": (["--type", "rabitq", "--bits", "4"], "RR,RaBitQ4"),
    "ivf-rabitq": (["--type", "ivf-rabitq", *LISTED], f"RR,IVF{LISTS},RaBitQ"),
    "ivf-rabitq of 3 bits": (["--type", "ivf-rabitq", *LISTED, "--bits", "3"], f"RR,IVF{LISTS},RaBitQ3"),
    "pca": (["--type", "ivf-flat", *LISTED, "--pca", "24"], f"PCA24,IVF{LISTS},Flat"),
    "opq": (["--type", "pq", "--bits", "4", *PARTS, "--opq"], f"OPQ{SUBQUANTIZERS},PQ{SUBQUANTIZERS}x4np"),
    "refined": (["--type", "ivf-sq4", *LISTED, "--refine", "4"], f"IVF{LISTS},SQ4,RFlat"),
    "whitened": (["--factory", f"PCAWR24,L2norm,IVF{LISTS},SQ8"], f"PCAWR24,L2norm,IVF{LISTS},SQ8"),
    "factory": (["--factory", f"PCA24,OPQ8_16,IVF{LISTS},PQ8x4,RFlat"], f"PCA24,RR16,IVF{LISTS},PQ8x4np,RFlat"),
}
# Faiss's distances of fast scan are sums of bytes, ours are exact: they differ by what a byte's rounding loses, and so
# does the choice among many that are nearly equal.
COARSE = {
    "pq-fast-scan",
    "ivf-pq-fast-scan",
    "packed residuals",
    "packed residuals, mapped",
    "packed residuals, refined",
}
# Faiss rounds the queries of RaBitQ otherwise than we do, or not at all.
COARSER = {"rabitq", "ivf-rabitq", "ivf-rabitq of 3 bits"}
COARSE_AGREEMENT, COARSE_TOLERANCE, COARSER_TOLERANCE, COARSE_RECALL = 0.8, 0.02, 0.04, 0.02
# What our builders don't make, or make otherwise, and our reader reads. A function makes what no factory string does.
READ_ONLY = {
    "normalized": "L2norm,Flat",
    "normalized lists": f"L2norm,IVF{LISTS},SQ8",
    "pca and normalized": "PCA24,L2norm,Flat",
    "rotated pca": f"PCAR24,IVF{LISTS},Flat",
    "whitened pca": "PCAW24,Flat",
    "whitened and rotated pca": f"PCAWR24,IVF{LISTS},Flat",
    "lists by a graph": f"IVF{LISTS}_HNSW32,Flat",
    "coded lists by a graph": f"IVF{LISTS}_HNSW32,PQ{SUBQUANTIZERS}np",
    "graph over 8 bits": f"HNSW{NEIGHBORS}_SQ8",
    "graph over half precision": f"HNSW{NEIGHBORS}_SQfp16",
    "graph over product codes": f"HNSW{NEIGHBORS}_PQ{SUBQUANTIZERS}np",
    "graph behind a transform": f"PCAR24,HNSW{NEIGHBORS}_SQ8",
    "refined graph over 8 bits": f"HNSW{NEIGHBORS}_SQ8,RFlat",
    "packed residuals": f"IVF{LISTS},PQ{SUBQUANTIZERS}x4fsr",
    "packed residuals, mapped": f"IDMap2,IVF{LISTS},PQ{SUBQUANTIZERS}x4fsr",
    "packed residuals, refined": f"IVF{LISTS},PQ{SUBQUANTIZERS}x4fsr,RFlat",
    "refined by 8 bits": f"IVF{LISTS},PQ{SUBQUANTIZERS}np,Refine(SQ8)",
    "refined by half precision": "SQ4,Refine(SQfp16)",
    "refined by product codes": "SQ4,Refine(PQ16np)",
    "map behind a transform": "PCA24,IDMap,Flat",
    "map behind a transform, of lists": f"PCA24,IDMap2,IVF{LISTS},Flat",
    "map at the end": "SQ8,IDMap",
    "bytes as they are": lambda metric: scalar_quantized(faiss.ScalarQuantizer.QT_8bit_direct, metric),
    "8 bits of one range": lambda metric: scalar_quantized(faiss.ScalarQuantizer.QT_8bit_uniform, metric),
    "4 bits of one range": lambda metric: scalar_quantized(faiss.ScalarQuantizer.QT_4bit_uniform, metric),
    "lists of bytes as they are": lambda metric: listed_bytes(metric),
}
# What can't be read, and what the refusal calls it.
NOT_OFFERED = {
    "LSH": "an IndexLSH",
    "ITQ24,LSH": "an ITQTransform (ITQ) inside an IndexPreTransform",
    "Pad64,Flat": "a RemapDimensionsTransform (Pad) inside an IndexPreTransform",
    "IMI2x3,Flat": "a MultiIndexQuantizer (IMI) inside an IndexIVFFlat",
    "RQ2x4": "an IndexResidualQuantizer",
    f"IVF{LISTS},RQ2x4": "an IndexIVFResidualQuantizer",
    f"IVF{LISTS},PQ{SUBQUANTIZERS}x4fs_64": "fast-scan blocks of 64 vectors instead of 32 inside an IndexIVFPQFastScan",
    f"IVF{4 * LISTS}_NSG16,Flat": "an IndexNSGFlat inside an IndexIVFFlat",  # NSG takes 100 vectors or more.
    "RaBitQfs": "an IndexRaBitQFastScan",
    f"IVF{LISTS},RaBitQ6": "a RaBitQuantizer of 6 bits instead of 1...4 inside an IndexIVFRaBitQ",
    "SQbf16": "a scalar quantizer of type QT_bf16 inside an IndexScalarQuantizer",
    "IDMap2,NSG16": "an IndexNSGFlat inside an IndexIDMap2",
    "PQ8np,Refine(LSH)": "an IndexLSH inside an IndexRefine",
}
METRICS = {"l2": faiss.METRIC_L2, "ip": faiss.METRIC_INNER_PRODUCT, "cosine": faiss.METRIC_INNER_PRODUCT}
SEARCH = ["--probes", str(PROBES), "--ef", str(EF)]


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
    """The index itself, whatever is around it: an id map, transforms, a refinement, which is set as ours is."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexRefine):
        index.k_factor = 4
        return inner_index(index.base_index)
    if isinstance(index, (faiss.IndexIDMap, faiss.IndexPreTransform)):
        return inner_index(index.index)
    return index


def configure(index):
    """Sets what SEARCH sets on our side."""
    inner = inner_index(index)
    if isinstance(inner, faiss.IndexIVF):
        inner.nprobe = PROBES
    if isinstance(inner, faiss.IndexHNSW):
        inner.hnsw.efSearch = EF
    if isinstance(inner, (faiss.IndexRaBitQ, faiss.IndexIVFRaBitQ)):
        inner.qb = 8  # To how many bits queries are rounded: ours always are so.


def agreement(ids, expected):
    """The share of answers in common, row by row."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(ids.tolist(), expected.tolist())]))


def compare(checks, name, ours, theirs, truth, kind):
    (our_ids, our_distances), (their_distances, their_ids) = ours, theirs
    checks.check(f"{name}: shape", our_ids.shape == their_ids.shape, f"{our_ids.shape}, Python's {their_ids.shape}")
    if our_ids.shape != their_ids.shape:
        return
    is_coarse = kind in COARSE | COARSER
    # Vectors with one code are equally near, and which of them come last is chance: an answer of ours as near as their
    # last one is as good as that.
    last = their_distances[:, -1:]
    is_tied = np.abs(our_distances - last) <= TOLERANCE * np.maximum(1, np.abs(last))
    is_common = (our_ids[:, :, None] == their_ids[:, None, :]).any(axis=2)
    share = float((is_common | is_tied).mean())
    expected = COARSE_AGREEMENT if is_coarse else AGREEMENT
    checks.check(f"{name}: same ids", share >= expected, f"{share:.4f} in common, expected {expected}")
    # Of the answers in common: where one side has another candidate, all behind it stand elsewhere.
    differences = [
        abs(distance - theirs[identifier])
        for row, theirs in enumerate(dict(zip(*pair)) for pair in zip(their_ids.tolist(), their_distances.tolist()))
        for identifier, distance in zip(our_ids[row].tolist(), our_distances[row].tolist())
        if identifier in theirs
    ]
    difference = max(differences) / max(1.0, float(np.abs(their_distances).max()))
    allowed = COARSER_TOLERANCE if kind in COARSER else COARSE_TOLERANCE if is_coarse else TOLERANCE
    checks.check(f"{name}: same distances", difference <= allowed, f"differ by {difference:.2e}, allowed {allowed}")
    our_recall, their_recall = agreement(our_ids, truth), agreement(their_ids, truth)
    allowed = COARSE_RECALL if is_coarse else 1 - AGREEMENT
    checks.check(
        f"{name}: same recall",
        abs(our_recall - their_recall) <= allowed,
        f"{our_recall:.4f}, Python's {their_recall:.4f}",
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
    for number, (kind, (build_options, _)) in enumerate(TYPES.items()):
        for metric in METRICS:
            name = f"ours in Python, {kind}, {metric}"
            path = folder / f"ours-{kind}-{metric}.faiss"
            source = folder / ("base.npy" if number % 2 == 0 else "base.fvecs")
            try:
                command.succeed("index", "build", source, "--metric", metric, *build_options, "--output", path)
                # A .faiss file has no cosine: it holds unit vectors under the inner product, to be asked with unit
                # queries.
                write_fvecs(folder / "prepared-queries.fvecs", prepared(queries, metric))
                ours = command.search(path, folder / "prepared-queries.fvecs", folder, SEARCH)
                index = faiss.read_index(str(path))
                checks.check(f"{name}: count", index.ntotal == COUNT, f"{index.ntotal}, expected {COUNT}")
                checks.check(
                    f"{name}: metric", inner_index(index).metric_type == METRICS[metric], str(inner_index(index).metric_type)
                )
                configure(index)
                theirs = index.search(prepared(queries, metric), K)
                compare(checks, name, ours, theirs, exact(base, queries, metric), kind)
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                checks.check(name, False, str(error))


def check_python_in_ours(checks, command, folder, base, queries):
    """What Python builds and writes, we read and answer alike: bare, with given ids, and in an id map."""
    # Neither dense nor in order, and within .ivecs's 32 bits.
    given = np.random.default_rng(11).permutation(COUNT).astype(np.int64) * 3 + 1_000_000_007
    for kind, (_, factory) in TYPES.items():
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
                    configure(index)  # Before writing: how many candidates a refinement looks at is in the file.
                    faiss.write_index(index, str(path))
                    described = json.loads(command.succeed("index", "info", path, "--json").splitlines()[-1])
                    for key, value in (("count", COUNT), ("dimension", DIMENSION)):
                        checks.check(f"{name}: {key}", described.get(key) == value, f"{described.get(key)}, expected {value}")
                    ours = command.search(path, folder / "queries.fvecs", folder, SEARCH)
                    truth = exact(base, queries, metric)
                    compare(checks, name, ours, index.search(queries, K), truth if ids == "own" else given[truth], kind)
                except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                    checks.check(name, False, str(error))


def scalar_quantized(kind, metric):
    return faiss.IndexScalarQuantizer(DIMENSION, kind, metric)


def listed_bytes(metric):
    quantizer = faiss.IndexFlat(DIMENSION, metric)
    index = faiss.IndexIVFScalarQuantizer(
        quantizer, DIMENSION, LISTS, faiss.ScalarQuantizer.QT_8bit_direct, metric, False
    )
    index.own_fields = True
    quantizer.this.disown()
    return index


def check_read_only(checks, command, folder, base, queries):
    """What our builders don't make: read, and answered alike."""
    given = np.random.default_rng(12).permutation(len(base)).astype(np.int64) * 3 + 5
    # Whole numbers from 0 to 255, which bytes hold as they are.
    low, high = base.min(), base.max()
    whole = [np.clip((rows - low) / (high - low) * 255, 0, 255).round().astype(np.float32) for rows in (base, queries)]
    for kind, factory in READ_ONLY.items():
        for metric in ("l2", "ip"):
            if metric == "ip" and "product codes" in kind:
                continue  # Faiss has none.
            name = f"Python's in ours, {kind}, {metric}"
            path = folder / "read-only.faiss"
            made, asked = whole if "bytes" in kind else (base, queries)
            try:
                if callable(factory):
                    index = factory(METRICS[metric])
                else:
                    index = faiss.index_factory(DIMENSION, factory, METRICS[metric])
                index.train(made)
                if "map" in kind:
                    index.add_with_ids(made, given)
                else:
                    index.add(made)
                configure(index)
                inner = inner_index(index)
                if isinstance(inner, faiss.IndexIVF):
                    quantizer = faiss.downcast_index(inner.quantizer)
                    if isinstance(quantizer, faiss.IndexHNSW):
                        quantizer.hnsw.efSearch = EF
                faiss.write_index(index, str(path))
                write_fvecs(folder / "asked.fvecs", asked)
                ids, distances = command.search(path, folder / "asked.fvecs", folder, SEARCH)
                their_distances, their_ids = index.search(asked, K)
                # Of whitened vectors all distances are tiny, of bytes large: they are compared by the largest.
                scale = float(np.abs(their_distances).max())
                truth = exact(made, asked, metric)
                compare(
                    checks,
                    name,
                    (ids, distances / scale),
                    (their_distances / scale, their_ids),
                    given[truth] if "map" in kind else truth,
                    kind,
                )
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                checks.check(name, False, str(error))


def check_not_offered(checks, command, folder, base):
    """What we don't have is refused by Faiss's name for it."""
    for factory, phrase in NOT_OFFERED.items():
        name = f"not offered, {factory}"
        path = folder / "not-offered.faiss"
        try:
            index = faiss.index_factory(DIMENSION, factory)
            index.train(base[:2000])
            if factory.startswith("IDMap"):
                index.add_with_ids(base[:200], np.arange(200))
            else:
                index.add(base[:200])
            faiss.write_index(index, str(path))
            check_refused(checks, command, name, ("index", "info", path))
            told = command.run("index", "info", path).stderr
            checks.check(f"{name}: named", phrase in told, repr(told))
        except RuntimeError as error:
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
        check_read_only(checks, command, folder, base, queries)
        check_not_offered(checks, command, folder, base)
        if (folder / "ours-ivf-flat-l2.faiss").exists():
            check_broken(checks, command, folder)
        else:
            checks.check("broken files", False, "there is no whole file to break")
    print(f"interoperability with Faiss {faiss.__version__}: {checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
