"""Holds `vectors cluster --method dbscan` against scikit-learn's DBSCAN.

    check_sklearn.py VECTORS     VECTORS is the command line's release build

Labels must be the same, border points, noise and numbering included. Prints a line for each failure and a count at the
end; exits 1 if anything failed.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_blobs, make_circles, make_moons

SECONDS = 120


def cases():
    """Names, points, radii and minimum numbers of points."""
    generator = np.random.default_rng(1)
    # Whole numbers: distances that equal the radius, and border points that several clusters reach.
    for side in (20, 35, 50):
        grid = generator.integers(0, side, (600, 2))
        yield f"grid of {side}", grid, "l2", (1, 2, np.sqrt(5)), (3, 5, 9, 45)
    yield "cube", generator.integers(0, 8, (500, 5)), "l2", (2, 3), (4, 10)
    yield "moons", make_moons(2000, noise=0.08, random_state=1)[0], "l2", (0.05, 0.1, 0.2), (5, 20)
    yield "circles", make_circles(2000, noise=0.05, factor=0.5, random_state=2)[0], "l2", (0.05, 0.1), (5, 20)
    for dimension in (2, 16, 100):
        blobs = make_blobs(3000, dimension, centers=30, random_state=dimension)[0]
        spread = np.sqrt(2 * dimension)
        yield f"blobs of {dimension}", blobs, "l2", (0.7 * spread, 0.9 * spread, spread), (5, 60)
        directions = blobs / np.linalg.norm(blobs, axis=1, keepdims=True) * generator.uniform(0.1, 9, (3000, 1))
        yield f"directions of {dimension}", directions, "cosine", (0.0005, 0.01, 0.03), (5, 60)


def labels(executable, folder, points, metric, radius, minimum):
    path, output = folder / "points.npy", folder / "labels.txt"
    np.save(path, points)
    done = subprocess.run(
        [
            executable, "cluster", path, "--method", "dbscan", "--metric", metric, "--radius", repr(float(radius)),
            "--minimum-points", str(minimum), "--output", output, "--json",
        ],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()}")
    return np.loadtxt(output, dtype=int, ndmin=1), json.loads(done.stdout.splitlines()[-1])


def main():
    if len(sys.argv) != 2:
        sys.exit("check_sklearn.py: usage: check_sklearn.py VECTORS")
    executable = os.path.abspath(sys.argv[1])
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        for case, points, metric, radii, minima in cases():
            # What the file holds is what both see.
            points = points.astype(np.float32)
            for radius in radii:
                for minimum in minima:
                    # In double precision, which scikit-learn's own input decides.
                    model = DBSCAN(
                        eps=radius, min_samples=minimum, metric="cosine" if metric == "cosine" else "euclidean",
                        algorithm="brute" if metric == "cosine" else "kd_tree",
                    ).fit(points.astype(np.float64))
                    ours, figures = labels(executable, pathlib.Path(name), points, metric, radius, minimum)
                    expected = {
                        "clusters": model.labels_.max() + 1, "core_points": len(model.core_sample_indices_),
                        "noise": int((model.labels_ == -1).sum()),
                    }
                    found = {key: figures.get(key) for key in expected}
                    if np.array_equal(ours, model.labels_) and found == expected:
                        passed += 1
                        continue
                    failed += 1
                    different = int((ours != model.labels_).sum()) if ours.shape == model.labels_.shape else "all"
                    print(f"FAILED {case}, radius {radius}, {minimum} points: {different} labels differ, {found}")
    print(f"interoperability with scikit-learn {sklearn.__version__}: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
