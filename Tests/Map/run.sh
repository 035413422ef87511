#!/bin/sh
# Draws a map of 100,000 words with `vectors map`, and tries it in headless Chromium. Needs the release build of
# `vectors`, and the corpus (`make corpus`).
#
#   run.sh [SCREENSHOT.png]
set -eu
. "$(dirname "$0")/../../Scripts/common.sh"
cd "$(dirname "$0")/../.."
screenshot=${1:-.build/map/map.png}
vectors=.build/release/vectors
corpus=.cache/corpus/corpus.txt

[ -x "$vectors" ] || fail "no $vectors: run 'swift build -c release --product vectors' first"
[ -r "$corpus" ] || fail "no $corpus: run 'make corpus' first"
command -v chromium >/dev/null || {
    echo "installing: chromium"
    apt_quietly install --no-install-recommends -y chromium || {
        apt_quietly update || apt_failed "apt-get update failed: is the network there?"
        apt_quietly install --no-install-recommends -y chromium || apt_failed "apt-get could not install chromium"
    }
}

# The model is kept, the map is what is tested.
mkdir -p .build/map
[ -e .build/map/words.bin ] || "$vectors" train "$corpus" --minimum-count 2 --output .build/map/words.bin
"$vectors" map .build/map/words.bin --output .build/map/words.html
python3 Tests/Map/check_page.py "$vectors" .build/map/words.bin .build/map/words.html "$screenshot"
