#!/bin/sh
# Builds one plain-text English corpus of about ten million words from Debian packages, downloaded by name and unpacked
# without installing them. The result stays in the cache folder, beside the licences of what it is made of:
#   corpus.sh [--cache DIR]     DIR/corpus.txt, DIR/LICENSES.txt; DIR is .cache/corpus unless given
# A second run finds the corpus in place; an interrupted one goes on where it stopped.
set -eu
. "$(dirname "$0")/common.sh"
scripts=$(cd "$(dirname "$0")" && pwd)
cache=$scripts/../.cache/corpus

while [ $# -gt 0 ]; do
    case $1 in
        --cache)
            [ $# -ge 2 ] || fail "--cache needs a folder"
            cache=$2
            shift 2
            ;;
        *) fail "unknown argument '$1': usage: corpus.sh [--cache DIR]" ;;
    esac
done

# What made the corpus and how many words it holds: a changed recipe or a damaged file means building it again.
stamp=$cache/stamp
recipe=$(cksum <"$scripts/corpus.py" | tr ' ' '-')
current_stamp() {
    echo "$recipe $(wc -w <"$cache/corpus.txt" | tr -d ' ')"
}
if [ -f "$cache/corpus.txt" ] && [ -f "$cache/LICENSES.txt" ] && [ -f "$stamp" ] &&
    [ "$(cat "$stamp")" = "$(current_stamp)" ]; then
    exit 0
fi

for tool in apt-get dpkg-deb python3; do
    command -v $tool >/dev/null ||
        fail "needs $tool: the corpus comes from Debian packages; use your own text instead: make demo CORPUS=/my/text.txt"
done
mkdir -p "$cache/packages" "$cache/partial" 2>/dev/null || fail "can't write to the cache folder $cache"
cache=$(cd "$cache" && pwd)

# apt checks each download against the archive's signed hashes, and takes up a partial one. Only whole files leave
# the folder `partial`.
packages=$(python3 "$scripts/corpus.py" packages)
download() {
    # As root apt would download as another user, who may not be allowed to write here.
    (cd "$cache/partial" && apt-get -qq -o APT::Sandbox::User=root download "$@" >"$cache/download.log" 2>&1)
}
missing=
for package in $packages; do
    set -- "$cache/packages/${package}"_*.deb
    [ -f "$1" ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
    echo "corpus: downloading$missing"
    # shellcheck disable=SC2086 # a list of names, meant to be split
    download $missing || {
        apt_quietly update || apt_failed "apt-get update failed: is the network there?"
        download $missing || {
            cat "$cache/download.log" >&2
            fail "could not download:$missing"
        }
    }
    mv "$cache/partial/"*.deb "$cache/packages/"
fi

echo "corpus: reading the packages"
unpacked=$cache/unpacked
trap 'rm -rf "$unpacked"' EXIT
trap 'exit 1' INT TERM
rm -rf "$unpacked"
for package in $packages; do
    set -- "$cache/packages/${package}"_*.deb
    mkdir -p "$unpacked/$package"
    # Damaged, or no room? Reading without writing tells.
    dpkg-deb --fsys-tarfile "$1" >/dev/null 2>&1 || {
        rm -f "$1"
        fail "$package was damaged and has been removed from the cache: run this again"
    }
    dpkg-deb -x "$1" "$unpacked/$package" || fail "could not unpack $package into $unpacked"
    dpkg-deb -f "$1" Version >"$unpacked/$package/VERSION"
done
python3 "$scripts/corpus.py" build "$unpacked" "$cache"
current_stamp >"$stamp.partial"
mv "$stamp.partial" "$stamp"
rm -rf "$cache/partial" "$cache/download.log"
