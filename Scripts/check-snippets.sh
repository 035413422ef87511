#!/bin/sh
# Checks that every piece of Swift code in README.md and the DocC catalogs is code that CI builds.
set -eu
exec python3 "$(dirname "$0")/check-snippets.py"
