#!/bin/sh
# Installs what building and running swift-faiss needs, as far as it is missing, and checks Swift itself.
#   install.sh            what `make build` and `make demo` need
#   install.sh --tests    besides, what the interoperability tests need (Python's venv)
#   install.sh --benchmarks   besides, what the benchmarks compare with (fastText)
#   install.sh --milvus   besides, what starting Milvus servers needs (venv, network namespaces, TLS)
set -eu
. "$(dirname "$0")/common.sh"

minimum_major=6
minimum_minor=2
# As in Sources/FaissC/versions.h.
oldest_faiss=1.7.3
newest_faiss=1.15

tests=no
benchmarks=no
milvus=no
for argument in "$@"; do
    case $argument in
        --tests) tests=yes ;;
        --benchmarks) benchmarks=yes ;;
        --milvus) tests=yes milvus=yes ;;
        *) fail "unknown argument '$argument': usage: install.sh [--tests] [--benchmarks] [--milvus]" ;;
    esac
done

install_debian() {
    # Faiss and its BLAS; g++ for the C++ and C headers and libraries that Swift's own clang and linker look for (with
    # OpenMP's libgomp); zlib, for gzip files; SQLite, for the vector store; the libraries that Swift's package manager itself is linked against; git for dependencies.
    [ -z "${FAISS_PREFIX:-}" ] && faiss=libfaiss-dev || faiss=
    wanted="$faiss libopenblas-dev g++ libcurl4 libncurses6 libsqlite3-0 libsqlite3-dev libxml2 zlib1g-dev"
    command -v git >/dev/null || wanted="$wanted git ca-certificates"
    command -v python3 >/dev/null || wanted="$wanted python3"
    if [ "$tests" = yes ]; then
        # Debian splits ensurepip from python3; another Python on the path brings its own.
        python3 -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python3-venv"
    fi

    [ "$benchmarks" = no ] || wanted="$wanted fasttext xz-utils"
    if [ "$milvus" = yes ]; then
        command -v ip >/dev/null || wanted="$wanted iproute2"
        command -v curl >/dev/null || wanted="$wanted curl"
        command -v nginx >/dev/null || wanted="$wanted nginx-light"
        command -v openssl >/dev/null || wanted="$wanted openssl"
    fi

    missing=
    for package in $wanted; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        echo "installing:$missing"
        # The package lists may be absent or older than the archive: then, and only then, they are fetched anew.
        # shellcheck disable=SC2086 # a list of names, meant to be split
        apt_quietly install --no-install-recommends -y $missing || {
            apt_quietly update || apt_failed "apt-get update failed: is the network there?"
            apt_quietly install --no-install-recommends -y $missing || apt_failed "apt-get could not install:$missing"
        }
    fi
}

install_macos() {
    command -v brew >/dev/null || fail "needs Homebrew to install faiss and libomp: see https://brew.sh"
    for formula in faiss libomp; do
        brew list --formula "$formula" >/dev/null 2>&1 || brew install --quiet "$formula" >/dev/null ||
            fail "brew could not install $formula"
    done
}

# The compiler would stop as well, but in a hundred lines.
check_faiss() {
    header=${FAISS_PREFIX:-/usr}/include/faiss/Index.h
    [ -r "$header" ] || fail "needs Faiss $oldest_faiss to $newest_faiss, and there is no $header"
    found=$(sed -n 's/^#define FAISS_VERSION_[A-Z]* *\([0-9][0-9]*\).*/\1/p' "$header" | head -n 3 | paste -sd . -)
    case $found in
        [0-9]*.[0-9]*.[0-9]*) ;;
        *) fail "needs Faiss $oldest_faiss to $newest_faiss, and $header does not say which version it is" ;;
    esac
    # Ordered as versions, the one found must lie between the two.
    [ "$(printf '%s\n' $oldest_faiss "$found" $newest_faiss.999 | sort -V | sed -n 2p)" = "$found" ] ||
        fail "needs Faiss $oldest_faiss to $newest_faiss, and the one in ${header%/faiss/Index.h} is $found"
}

check_swift() {
    where="get Swift $minimum_major.$minimum_minor or newer from https://www.swift.org/install"
    command -v swift >/dev/null || fail "no 'swift' on the PATH: $where"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
    [ -n "$version" ] || fail "'swift --version' does not run: $where"
    major=${version% *}
    minor=${version#* }
    if [ "$major" -lt $minimum_major ] || { [ "$major" -eq $minimum_major ] && [ "$minor" -lt $minimum_minor ]; }; then
        fail "Swift $major.$minor is too old: $where"
    fi
}

if [ "$(uname)" = Darwin ]; then
    install_macos
elif command -v apt-get >/dev/null; then
    install_debian
else
    fail "knows Debian, Ubuntu and macOS: elsewhere install Faiss $oldest_faiss to $newest_faiss, OpenBLAS and g++ by hand"
fi
check_faiss
check_swift
