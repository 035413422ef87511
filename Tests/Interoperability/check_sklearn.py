"""Holds `vectors cluster` against scikit-learn's DBSCAN and KMeans.

    check_sklearn.py VECTORS     VECTORS is the command line's release build

DBSCAN's labels must be the same, border points, noise and numbering included. k-means, which starts by chance, must have
as small a sum of squares over some seeds, in double precision, wherever the points lie. Prints a line for each failure and a count at the
end; exits 1 if anything failed.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN, KMeans
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


def clouds():
    """Names, points and numbers of clusters for k-means: far from the origin, with few distinct points, and others."""
    generator = np.random.default_rng(2)
    normal = generator.standard_normal
    yield "three places", np.array([[52.50 + row % 3 / 100, 13.4] for row in range(9)]), 3
    yield "four numbers", np.array([[10000], [10000.1], [10001], [10001.1]]), 2
    yield "places", np.array([52.5, 13.4]) + 0.001 * normal((2000, 2)), 10
    yield "metres", np.array([4e5, 5.8e6]) + 1000 * normal((5000, 2)), 50
    yield "timestamps", 1.7e9 + 86400 * 30 * generator.random((5000, 1)), 20
    yield "far away", 5000 + normal((2000, 16)), 12
    yield "nine points a thousand times", np.repeat(10 * normal((9, 2)), 1000, axis=0), 10
    yield "half equal", np.vstack([np.tile(normal(16), (1000, 1)), normal((1000, 16))]), 32
    for dimension in (2, 16, 64):
        yield f"blobs of {dimension}", make_blobs(3000, dimension, centers=40, random_state=dimension)[0], 40


def labels(executable, folder, points, *options):
    path, output = folder / "points.npy", folder / "labels.txt"
    np.save(path, points)
    done = subprocess.run(
        [executable, "cluster", path, *map(str, options), "--output", output, "--json"],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()}")
    return np.loadtxt(output, dtype=int, ndmin=1), json.loads(done.stdout.splitlines()[-1])


def inertia(points, labels):
    """The sum of squared distances from the means."""
    points = points.astype(np.float64)
    return sum(((own - own.mean(axis=0)) ** 2).sum() for own in (points[labels == label] for label in set(labels)))


def compare_k_means(executable, folder):
    """What is worse than scikit-learn's by more than chance makes it."""
    seeds = range(1, 11)
    warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
    for case, points, clusters in clouds():
        points = points.astype(np.float32)
        ours = [
            inertia(points, labels(executable, folder, points, "-k", clusters, "--iterations", 100, "--seed", seed)[0])
            for seed in seeds
        ]
        theirs = [
            inertia(points, KMeans(clusters, n_init=1, max_iter=100, random_state=seed).fit(points).labels_)
            for seed in seeds
        ]
        # Blobs are missed now and then, by either: the mean of ten runs is right to some percent.
        chance = 2 * (np.std(ours) + np.std(theirs)) / np.sqrt(len(seeds))
        worse = np.mean(ours) > 1.01 * np.mean(theirs) + chance + 1e-9
        yield f"k-means of {case}: {np.mean(ours):.6g}, scikit-learn's {np.mean(theirs):.6g}" if worse else None


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
                    ours, figures = labels(
                        executable, pathlib.Path(name), points, "--method", "dbscan", "--metric", metric, "--radius",
                        repr(float(radius)), "--minimum-points", minimum,
                    )
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
        for failure in compare_k_means(executable, pathlib.Path(name)):
            if failure:
                failed += 1
                print(f"FAILED {failure}")
            else:
                passed += 1
    print(f"interoperability with scikit-learn {sklearn.__version__}: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
