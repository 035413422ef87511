#!/bin/sh
# Trains on a corpus of 8 GB within 1 GiB of address space and prints what it took. Not a part of CI: it needs some 14 GB
# of disk and several minutes.
#   CORPUS=file    the text to repeat; default: the demo's, .cache/corpus/corpus.txt
#   BYTES=number   how much text to make of it
#   SCRATCH=folder where the text and the temporary file go; default: TMPDIR, else /var/tmp
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
corpus=${CORPUS:-$root/.cache/corpus/corpus.txt}
bytes=${BYTES:-8000000000}
vectors=${VECTORS:-$root/.build/release/vectors}
[ -r "$corpus" ] || { echo "run.sh: can't read the file '$corpus': run 'make corpus' or set CORPUS" >&2; exit 1; }
[ -x "$vectors" ] || { echo "run.sh: there is no '$vectors': run 'make build'" >&2; exit 1; }

folder=$(mktemp -d "${SCRATCH:-${TMPDIR:-/var/tmp}}/large-corpus.XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

echo "making $bytes bytes of text"
while :; do cat "$corpus"; echo; done 2>/dev/null | head -c "$bytes" >"$folder/corpus.txt"

(
    ulimit -v 1048576
    export TMPDIR="$folder"
    exec "$vectors" train "$folder/corpus.txt" --output "$folder/words.bin" --epochs 1 --threads 2 --json
) >"$folder/figures" 2>"$folder/errors" &
process=$!
started=$(date +%s)
peak=0
while kill -0 "$process" 2>/dev/null; do
    now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$process/status" 2>/dev/null || true)
    peak=${now:-$peak}
    sleep 1
done
status=0
wait "$process" || status=$?
cat "$folder/figures" "$folder/errors"
echo "exit $status, $(($(date +%s) - started)) s in all, peak resident memory $((peak / 1024)) MiB under a limit of 1024 MiB"
exit "$status"
