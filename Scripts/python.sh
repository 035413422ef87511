#!/bin/sh
# Makes the Python environment that holds our peers, once for each list of requirements.
#   python.sh [REQUIREMENTS ENVIRONMENT]      by default those of the interoperability tests, in .cache/python
set -eu
cd "$(dirname "$0")/.."
requirements=${1-Tests/Interoperability/requirements.txt}
environment=${2-.cache/python}

# The copy of the requirements is written last, so it says that the environment is whole.
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "making the Python environment of $requirements"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
fi
