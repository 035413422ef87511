#!/bin/sh
# Photographs from three Debian packages of desktop backgrounds (their licences: CC BY, CC BY-SA, CC0, GPL; see
# LICENSES.txt), 1,280 pixels wide, in colour. Each is a NumPy array NAME.npy: a row of the picture a row, three bytes a
# pixel.
set -eu
. "$(dirname "$0")/../common.sh"

sh Scripts/python.sh Scripts/data/photographs.txt .cache/python-photographs
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
for package in lomiri-wallpapers-16.04 mate-backgrounds plasma-workspace-wallpapers; do
    debian_package $package "$unpacked"
    { echo "== $package"; cat "$unpacked/usr/share/doc/$package/copyright"; } >>"$1/LICENSES.txt"
done
.cache/python-photographs/bin/python Scripts/data/photographs.py "$unpacked/usr/share" "$1"
