#!/bin/sh
# Runs the tests of Faiss, Word2Vec and VectorStorage as other x86-64 processors would: with each level of vector
# instructions that this one has, times each core type that OpenBLAS can be told to compute for. One line each; what
# failed is listed below its line. `make test-processors` builds them first.
#
#   test-processors.sh                 all levels times all core types
#   test-processors.sh some            every level once, each with another core type, which takes a few minutes
#   test-processors.sh LEVEL:CORE …    these, such as avx2:Haswell
set -eu
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/.."

program=.build/release/vectors
suites='FaissTests|Word2VecTests|VectorStorageTests'

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The program itself knows: it names the levels when it is asked for one that does not exist.
echo "some words" >"$log"
levels=$(SWIFT_FAISS_SIMD=unknown $program train "$log" --output "$log.txt" 2>&1 |
    sed -n "s/.*SWIFT_FAISS_SIMD is 'unknown'; on this processor it may be //p" | sed 's/,//g; s/ or / /')
[ -n "$levels" ] || fail "$program does not say which levels there are"
has() { case " $levels " in *" $1 "*) ;; *) return 1 ;; esac }
[ "$(uname -m)" = x86_64 ] || fail "is for x86-64: there is one level on $(uname -m)"

cores='Prescott Nehalem Sandybridge'
! has avx2 || cores="$cores Haswell Zen"
! has avx512 || cores="$cores SkylakeX"

case ${1-all} in
all) set -- $(for level in $levels; do for core in $cores; do echo "$level:$core"; done; done) ;;
# `make test` has the widest level with the core type of this processor.
some) set -- $(for pair in baseline:Prescott avx2:Haswell avx512:Zen; do ! has "${pair%:*}" || echo "$pair"; done) ;;
esac

failed=
for pair in "$@"; do
    level=${pair%:*}
    core=${pair#*:}
    has "$level" || fail "no level '$level' on this processor: $levels"
    export SWIFT_FAISS_SIMD="$level" OPENBLAS_CORETYPE="$core"
    # A name that OpenBLAS does not know would have it choose by itself.
    OPENBLAS_VERBOSE=2 $program --help 2>&1 | grep -qix "core: $core" || fail "OpenBLAS has no core type '$core'"
    start=$(date +%s)
    status=0
    swift test -c release --disable-testable-imports ${TRAITS:+--traits "$TRAITS"} --skip-build --filter "$suites" >"$log" 2>&1 || status=$?
    # Lines of several threads may run into each other: the last one alone counts all tests. Those that failed are named
    # by sentences in quotes; the symbols before them differ by system.
    tests=$(sed -n 's/.*Test run with \([0-9]*\) tests* in .*/\1/p' "$log" | tail -n 1)
    failures=$(grep -c '^[^ ]* Test ".*" .*failed after ' "$log" || true)
    printf '%-8s  %-11s  %4d tests  %4d failed  %4d s\n' "$level" "$core" "${tests:-0}" "$failures" $(($(date +%s) - start))
    if [ $status -ne 0 ] || [ "$failures" -ne 0 ] || [ "${tests:-0}" -eq 0 ]; then
        failed="$failed $pair"
        # A crash names no test, and a build that is not there says so far above the end.
        grep -A 3 '^[^ ]* Test ".*" recorded an issue' "$log" || { grep 'error:' "$log" || true; tail -n 20 "$log"; }
    fi
done
[ -z "$failed" ] || fail "tests failed with:$failed"
