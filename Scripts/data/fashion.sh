#!/bin/sh
# Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; MIT licence): 70,000 photographs of clothes in 28 × 28
# shades of grey, each of one of ten kinds. From Debian's package, as NumPy's arrays:
#   images.npy, labels.npy              60,000 × 784 and 60,000 × 1
#   test-images.npy, test-labels.npy    10,000 more
#   LICENSES.txt
set -eu
. "$(dirname "$0")/../common.sh"

unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
debian_package dataset-fashion-mnist "$unpacked"
python3 "$(dirname "$0")/fashion.py" "$unpacked/usr/share/datasets/fashion-mnist" "$1"
echo "Fashion-MNIST: Copyright 2017 Zalando SE, MIT licence, from the Debian package dataset-fashion-mnist" >"$1/LICENSES.txt"
