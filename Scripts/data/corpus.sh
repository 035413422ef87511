#!/bin/sh
# The English text that `make demo` trains on, made from Debian packages by Scripts/corpus.sh: a link to it, corpus.txt.
set -eu
sh "$(dirname "$0")/../corpus.sh"
ln -s ../../corpus/corpus.txt "$1/corpus.txt"
