#!/bin/bash
# Kills the real Milvus server with SIGKILL again and again while rows are imported into it, and then compares what it has
# with what it acknowledged. Root, for the network namespace; `make install build TRAITS=Milvus` first.
#
#   kills.sh [KILLS] [ROWS]
set -euo pipefail
cd "$(dirname "$0")/../.."
kills=${1:-20}
rows=${2:-200000}
export MILVUS_HOME="$PWD/.cache/milvus" MILVUS_NAMESPACE=milvus-kills
server=Scripts/milvus-server.sh
log=.build/killed-import.log
soak() { $server exec full .build/release/milvus-soak "$@" --server http://127.0.0.1:19530 --rows "$rows" --log "$log"; }

$server clean full
started=$(date +%s)
trap '$server clean full' EXIT
$server start full
rm -f "$log"
soak import &
import=$!
while [ ! -e "$log" ]; do sleep 0.1; done
for kill in $(seq 1 "$kills"); do
    # Amid the import: after some more changes, and a part of a second.
    goal=$(($(wc -l <"$log") + RANDOM % 8 + 1))
    while kill -0 "$import" 2>/dev/null && [ "$(wc -l <"$log")" -lt "$goal" ]; do sleep 0.1; done
    sleep "0.$((RANDOM % 10))"
    kill -0 "$import" 2>/dev/null || { echo "the import ended after $((kill - 1)) kills"; break; }
    # The server and what started it; the import is in the namespace, too.
    for process in $(ip netns pids "$MILVUS_NAMESPACE"); do
        [ "$(cat "/proc/$process/comm" 2>/dev/null)" = milvus-soak ] || kill -KILL "$process" 2>/dev/null || true
    done
    echo "$(($(date +%s) - started)) s: killed $kill times, acknowledged so far: $(wc -l <"$log") changes"
    sleep 1
    $server start full >/dev/null
done
wait "$import"
soak verify
