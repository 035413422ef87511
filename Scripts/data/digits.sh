#!/bin/sh
# 1,797 written digits of 8 × 8 pixels, from scikit-learn: digits.csv, a line a digit with 64 numbers from 0 to 16 and
# the digit that it is.
set -eu
. "$(dirname "$0")/../common.sh"

[ $# -eq 1 ] || fail "usage: digits.sh OUTPUT_FOLDER"
pypi_package scikit-learn==1.9.1 "$1/wheel"
gzip -dc "$1/wheel/sklearn/datasets/data/digits.csv.gz" >"$1/digits.csv" || fail "scikit-learn's wheel has no digits"
rm -rf "$1/wheel"
