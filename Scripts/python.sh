#!/bin/sh
# Makes the Python environment that holds our peers, .cache/python, once for each list of requirements.
set -eu
cd "$(dirname "$0")/.."
requirements=Tests/Interoperability/requirements.txt
environment=.cache/python

# The copy of the requirements is written last, so it says that the environment is whole.
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "making the Python environment with Faiss and gensim"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
fi
