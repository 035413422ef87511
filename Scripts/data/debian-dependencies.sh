#!/bin/sh
# What each package of Debian's main section depends on, from apt's own lists: a line a package with its name, a tab,
# the name of its source, a tab, and the packages that it depends on, in dependencies.txt.
set -eu
. "$(dirname "$0")/../common.sh"

[ $# -eq 1 ] || fail "usage: debian-dependencies.sh OUTPUT_FOLDER"
for tool in apt-cache python3; do
    command -v $tool >/dev/null || fail "needs $tool"
done
# A minimal system has no lists before its first update; its own packages are all that it knows then.
[ "$(apt-cache dumpavail 2>/dev/null | grep -c '^Package:')" -gt 20000 ] || {
    apt_quietly update || apt_failed "apt-get update failed: is the network there?"
}
apt-cache dumpavail | python3 "$(dirname "$0")/debian-dependencies.py" >"$1/dependencies.txt"
[ "$(wc -l <"$1/dependencies.txt")" -gt 20000 ] || fail "apt's lists hold too few packages"
