#!/bin/sh
# Makes the Python environment that holds our peers, .cache/python, once for each list of requirements.
#
#   python.sh                what our files are checked against: Faiss, gensim
#   python.sh --benchmarks   besides, what only the benchmarks compare with
set -eu
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/.."
environment=.cache/python

# The copy of a list is written last, so it says that the environment has all of it.
add() {
    cmp -s "$1" "$environment/$2" && return
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$1"
    cp "$1" "$environment/$2"
}

requirements=Tests/Interoperability/requirements.txt
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "making the Python environment with Faiss and gensim"
    rm -rf "$environment"
    python3 -m venv "$environment"
    add "$requirements" requirements.txt
fi
case ${1:-} in
    "") ;;
    --benchmarks) add Benchmarks/Peers/requirements.txt benchmarks.txt ;;
    *) fail "unknown argument '$1': usage: python.sh [--benchmarks]" ;;
esac
