#!/bin/sh
# Makes a Python environment that holds our peers, once for each list of requirements.
#
#   python.sh                            what our files are checked against, Faiss and gensim, in .cache/python
#   python.sh --benchmarks               besides, what only the benchmarks of these two compare with
#   python.sh REQUIREMENTS ENVIRONMENT   what a list names, in an environment of its own
set -eu
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/.."

usage="usage: python.sh [--benchmarks | REQUIREMENTS ENVIRONMENT]"
requirements=Tests/Interoperability/requirements.txt
environment=.cache/python
benchmarks=no
case $# in
    0) ;;
    1) [ "$1" = --benchmarks ] || fail "unknown argument '$1': $usage"; benchmarks=yes ;;
    2) requirements=$1 environment=$2 ;;
    *) fail "$# arguments: $usage" ;;
esac

# The copy of a list is written last, so it says that the environment has all of it.
add() {
    cmp -s "$1" "$environment/$2" && return
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$1"
    cp "$1" "$environment/$2"
}

if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "making the Python environment of $requirements"
    rm -rf "$environment"
    python3 -m venv "$environment"
    add "$requirements" requirements.txt
fi
[ "$benchmarks" = no ] || add Benchmarks/Peers/requirements.txt benchmarks.txt
