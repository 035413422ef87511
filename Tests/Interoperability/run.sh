#!/bin/sh
# Checks our files against Python's Faiss and gensim, and theirs against our command line. Needs the release build of
# `vectors`; makes its own Python environment in .cache/python, once for each requirements.txt.
set -eu
cd "$(dirname "$0")/../.."
requirements=Tests/Interoperability/requirements.txt
environment=.cache/python
vectors=.build/release/vectors

[ -x "$vectors" ] || {
    echo "run.sh: no $vectors: run 'swift build -c release --product vectors' first" >&2
    exit 1
}

# The copy of the requirements is written last, so it says that the environment is whole.
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "interoperability: making the Python environment"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
fi

"$environment/bin/python" Tests/Interoperability/check_faiss.py "$vectors"
"$environment/bin/python" Tests/Interoperability/check_gensim.py "$vectors"
