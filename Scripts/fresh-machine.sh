#!/bin/sh
# Proves the clean clone: makes a minimal Debian 12 in a scratch folder with nothing but git and make, lends it this
# machine's Swift toolchain, clones the repository's last commit into a path with a space, and runs make targets there.
# Needs root and debootstrap (`apt-get install debootstrap`).
#   fresh-machine.sh [--bind FOLDER]... [TARGET]...     TARGETs are `test` and `demo` unless given
# --bind lends a folder of this machine too, at its own path, read-only: a local mirror that git is configured to use.
set -eu
. "$(dirname "$0")/common.sh"
repository=$(cd "$(dirname "$0")/.." && pwd)

[ "$(id -u)" -eq 0 ] || fail "needs root, for debootstrap and chroot"
for tool in debootstrap unshare swift git; do
    command -v $tool >/dev/null || fail "needs $tool"
done
toolchain=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")
bound=$toolchain
while [ $# -gt 0 ] && [ "$1" = --bind ]; do
    [ -d "${2:-}" ] || fail "--bind needs a folder"
    bound="$bound:$2"
    shift 2
done
[ $# -gt 0 ] || set -- test demo

# The mounts live in a namespace of their own and are gone before this removes the folder.
root=$(mktemp -d "${TMPDIR:-/tmp}/fresh-machine.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 1' INT TERM

echo "fresh machine: installing Debian 12"
debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" >"$root.log" 2>&1 ||
    fail "debootstrap failed: see $root.log"
rm -f "$root.log"
# How this machine reaches the network and its packages is lent too; what is installed is not.
for file in /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt /etc/gitconfig; do
    if [ -f $file ]; then cp $file "$root$file"; fi
done
git clone --quiet --no-hardlinks "$repository" "$root/root/clean clone"

cat >"$root/root/enter" <<'ENTER'
set -eu
root=$1 bound=$2 toolchain=$3
shift 3
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
IFS=:
for folder in $bound; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -o remount,bind,ro "$root$folder"
done
unset IFS
exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
    PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$toolchain/usr/bin" \
    sh -c 'cd "/root/clean clone" && for target in "$@"; do echo "fresh machine: make $target"; make "$target" || exit 1; done' sh "$@"
ENTER
unshare --mount --pid --fork sh "$root/root/enter" "$root" "$bound" "$toolchain" "$@" </dev/null
echo "fresh machine: passed: $*"
