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
