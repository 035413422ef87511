#!/bin/sh
# Starts Milvus servers that only this machine reaches, runs the tests of the module Milvus against them, and stops them.
# The tests are built: `make test-milvus` does both.
#
#   run.sh [lite] [full]    milvus-lite, in Python; the real server, in a network namespace of its own, as root
set -eu
cd "$(dirname "$0")/../.."
export MILVUS_HOME="$PWD/.cache/milvus"
server=Scripts/milvus-server.sh
failed=0

for kind in "$@"; do
    # No row of another run.
    $server clean "$kind"
    case $kind in
    lite) port=19540 conditions=1000 ;;
    full) port=19530 conditions=10000 ;;
    *) echo "run.sh: lite or full, not '$kind'" >&2; exit 64 ;;
    esac
    trap '$server clean "$kind"' EXIT
    $server start "$kind"
    echo "testing against Milvus, $kind"
    $server exec "$kind" env SWIFT_FAISS_MILVUS="http://127.0.0.1:$port" \
        SWIFT_FAISS_MILVUS_CONDITIONS="${CONDITIONS:-$conditions}" \
        swift test -c release --disable-testable-imports --traits Milvus --skip-build --filter MilvusTests || failed=1
    $server clean "$kind"
done
exit $failed
