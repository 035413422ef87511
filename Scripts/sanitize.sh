#!/bin/sh
# Runs the tests under AddressSanitizer (with LeakSanitizer) and the threaded ones under ThreadSanitizer, and fails on
# a failed test or on any report that the files in Tests/Sanitizers don't explain.
#
#     sh Scripts/sanitize.sh [address|thread]
#
# The system's libfaiss is not instrumented: a wrong access in it shows only where it meets memory that the sanitizer
# guards, a race in it not at all.
set -eu
cd "$(dirname "$0")/.."
. Scripts/common.sh

suppressions=$PWD/Tests/Sanitizers
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# sanitize NAME TESTS: builds with the sanitizer and runs the tests that match.
sanitize() {
    echo "building and testing with the $1 sanitizer"
    # See Sources/Vectors/Concurrency/Locked.swift for what the name changes.
    defined=$(echo "$1_sanitizer" | tr '[:lower:]' '[:upper:]')
    # libgomp is not instrumented: ThreadSanitizer does not see that a team's threads end before their caller goes on. So
    # there a team is one thread; all others are the package's own.
    [ "$1" = address ] || export OMP_THREAD_LIMIT=1
    # Release, as the suite takes minutes otherwise.
    ASAN_OPTIONS=exitcode=66 \
    LSAN_OPTIONS=suppressions=$suppressions/leak.supp:print_suppressions=0 \
    TSAN_OPTIONS=exitcode=66:suppressions=$suppressions/thread.supp \
    swift test -c release --sanitize "$1" -Xswiftc "-D$defined" --scratch-path ".build/$1" --filter "$2" --skip RecallTests >"$log" 2>&1 ||
        { grep -v ' started\.$' "$log" | tail -n 200 >&2; fail "the $1 sanitizer or a test reported what is above"; }
    # A report does not always end the process.
    if grep -q 'Sanitizer:' "$log"; then
        grep -A 30 'Sanitizer:' "$log" >&2
        fail "the $1 sanitizer reported what is above"
    fi
    grep 'Test run with' "$log" || fail "no test ran under the $1 sanitizer"
}

case ${1-all} in
all | address | thread) ;;
*) fail "unknown sanitizer '$1': address or thread" ;;
esac
[ "${1-all}" = thread ] || sanitize address 'FaissTests|VectorsTests|VectorStorageTests'
[ "${1-all}" = address ] || sanitize thread 'ConcurrencyTests|AsyncTests'
