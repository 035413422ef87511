"""What both comparisons share: running our command line, and the medians of runs in turn."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

# Where SWIFT_FAISS_SIMD holds us to less than this processor has, peers are held to the same as far as they can be.
LEVEL = os.environ.get("SWIFT_FAISS_SIMD", "")
PEERS_LEVEL = {
    "avx2": {"FAISS_SIMD_LEVEL": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "baseline": {"FAISS_SIMD_LEVEL": "NONE", "OPENBLAS_CORETYPE": "Prescott"},
}.get(LEVEL, {})

VECTORS = str(pathlib.Path(__file__).resolve().parents[2] / ".build/release/vectors")


def ours(*arguments):
    """Runs `vectors` and returns the figures of its last line."""
    done = subprocess.run([VECTORS, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"vectors {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def theirs(program, *arguments):
    """Runs a program of the peer in a process of its own, and returns the figures of its last line."""
    done = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True,
                          env=os.environ | PEERS_LEVEL)
    if done.returncode != 0:
        sys.exit(f"the peer failed: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(theirs, ours, key):
    """How many times as long the peer takes."""
    return f"{median(theirs, key) / median(ours, key):.2f} ×"
