#!/bin/sh
# Compiles the C and C++ targets for 64-bit ARM, with the clang that comes with Swift, and runs the program of Tests/ARM
# under emulation: the kernels against plain loops, and indexes from end to end through the C functions. Swift itself
# can't be cross-compiled here.
#
#   test-arm.sh            compiles and runs
#   test-arm.sh --count    compiles, and counts the instructions that kernels take
#
# Debian's packages for ARM are unpacked into .cache/arm and not installed: those of this machine stay as they are.
set -eu
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/.."

cache=.cache/arm
sysroot=$cache/sysroot
emulator=$cache/qemu/usr/bin/qemu-aarch64-static
tools=$(dirname "$(realpath "$(command -v swift)")")

# apt-get for another architecture, with package lists and a database of its own.
apt_arm() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
        -o Dir::State::status="$PWD/$cache/apt/status" -o Dir::State::lists="$PWD/$cache/apt/lists" \
        -o Dir::Cache="$PWD/$cache/apt" -o Dir::Cache::archives="$PWD/$cache/apt/archives" "$@"
}

if [ ! -f "$cache/complete" ]; then
    command -v apt-get >/dev/null || fail "needs Debian's packages for ARM, by apt-get"
    echo "downloading Debian's packages for ARM"
    rm -rf "$cache"
    mkdir -p "$sysroot" "$cache/apt/lists/partial" "$cache/apt/archives/partial"
    : >"$cache/apt/status"
    apt_arm update || fail "apt-get has no package lists for arm64"
    apt_arm install --no-install-recommends --download-only -y libfaiss-dev libopenblas-dev libstdc++-12-dev >/dev/null ||
        fail "could not download libfaiss-dev for arm64"
    for package in "$cache"/apt/archives/*.deb; do
        dpkg-deb -x "$package" "$sysroot"
    done
    # Links that begin at the root mean this folder's.
    find "$sysroot" -type l -lname '/*' | while read -r link; do
        ln -sfr "$sysroot$(readlink "$link")" "$link"
    done
    rm -r "$cache/apt"
    debian_package qemu-user-static "$cache/qemu"
    touch "$cache/complete"
fi

echo "compiling for ARM"
make -s -j "$(getconf _NPROCESSORS_ONLN)" -f Tests/ARM/Makefile TOOLS="$tools" SYSROOT="$sysroot" ||
    fail "does not compile for ARM"
if [ "${1-}" != --count ]; then
    # Threads that wait for each other by spinning would wait for the emulator.
    OMP_WAIT_POLICY=passive exec "$emulator" -L "$sysroot" .build/arm/kernels
fi

# The program's own code, without the shared libraries'.
range=$("$tools/llvm-objdump" -h .build/arm/kernels | awk '$2 == ".text" { print "0x" $4 "+0x" $3 }')
log=$(mktemp)
trap 'rm -f "$log"' EXIT
executed() {
    "$emulator" -L "$sysroot" -singlestep -d nochain,exec -dfilter "$range" -D "$log" .build/arm/kernels count "$1" "$2"
}
number=0
while said=$(executed "$number" 1); do
    once=$(grep -c '^Trace' "$log")
    executed "$number" 2 >/dev/null
    twice=$(grep -c '^Trace' "$log")
    echo "$said" | awk -F '\t' -v all=$((twice - once)) '{ printf "%-42s %9.1f instructions a %s\n", $1, all / $3, $2 }'
    number=$((number + 1))
done
