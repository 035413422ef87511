"""Asks scikit-learn on the vectors of our example, for the same topics:

    swift run -c release text-classification
    sh Scripts/python.sh && .cache/python/bin/python Benchmarks/Peers/text_classification.py

Logistic regression, which the example has no counterpart of, tells how much more there is in the vectors.
"""

import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

FOLDER = pathlib.Path(__file__).resolve().parents[2] / ".build/examples/TextClassification"


def topics(name):
    return (FOLDER / f"{name}-topics.txt").read_text(encoding="utf-8").splitlines()


def main():
    print(f"{'scikit-learn, accuracy':28}nearest centroid   10 nearest neighbours   logistic regression")
    for name in ("mean", "inverse-frequency"):
        training, test = (np.load(FOLDER / f"{name}-{part}.npy") for part in ("training", "test"))
        figures = [
            classifier.fit(training, topics("training")).score(test, topics("test"))
            for classifier in (NearestCentroid(), KNeighborsClassifier(10), LogisticRegression(C=10, max_iter=1000))
        ]
        print(f"{name:28}{figures[0]:.3f}              {figures[1]:.3f}                   {figures[2]:.3f}")


if __name__ == "__main__":
    main()
