#!/bin/sh
# Checks our files against Python's Faiss and gensim, theirs against our command line, and our labels against
# scikit-learn's. Needs the release build of `vectors`.
set -eu
cd "$(dirname "$0")/../.."
vectors=.build/release/vectors

[ -x "$vectors" ] || {
    echo "run.sh: no $vectors: run 'swift build -c release --product vectors' first" >&2
    exit 1
}

sh Scripts/python.sh
.cache/python/bin/python Tests/Interoperability/check_faiss.py "$vectors"
.cache/python/bin/python Tests/Interoperability/check_gensim.py "$vectors"
.cache/python/bin/python Tests/Interoperability/check_sklearn.py "$vectors"
