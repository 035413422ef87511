#!/bin/sh
# How people judge words, from gensim's own tests: wordsim353.tsv (how related), simlex999.txt (how similar), and
# Google's analogies, questions-words.txt.
set -eu
. "$(dirname "$0")/../common.sh"

[ $# -eq 1 ] || fail "usage: word-similarity.sh OUTPUT_FOLDER"
pypi_package gensim==4.4.0 "$1/wheel"
for file in wordsim353.tsv simlex999.txt questions-words.txt; do
    mv "$1/wheel/gensim/test/test_data/$file" "$1/" || fail "gensim's wheel has no $file any more"
done
rm -rf "$1/wheel"
