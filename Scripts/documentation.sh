#!/bin/sh
# Builds the documentation of every library with DocC, and fails on any warning, such as a link that leads nowhere, on any
# public symbol without documentation, and on a public API that is not what Tests/PublicAPI lists.
#
#   documentation.sh [FOLDER]    FOLDER/MODULE.doccarchive; .build/documentation unless given
#   UPDATE_API=--update documentation.sh    writes the lists
#
# `python3 -m http.server --directory FOLDER/MODULE.doccarchive` shows one, at the address /documentation/module.
set -eu
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/.."

modules="Vectors Faiss SentenceEmbeddings VectorStorage Word2Vec"
# The module Milvus has its content with the trait alone.
[ "${TRAITS:-}" != Milvus ] || modules="$modules Milvus"
output=${1:-.build/documentation}
built=.build/release
tools=$(dirname "$(realpath "$(command -v swift)")")
[ -x "$tools/docc" ] || fail "needs docc, which comes with Swift: not in $tools"

for module in $modules; do
    swift build -c release --quiet ${TRAITS:+--traits "$TRAITS"} --target "$module"
done
# What was built has all that documentation needs: no second build to emit symbol graphs.
target=$(swift -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')
maps="modulemaps/CFaiss modulemaps/CZlib $built/FaissC.build $built/SentenceEmbeddingsC.build $built/VectorsC.build $built/Word2VecC.build
    .build/checkouts/GRDB.swift/Sources/GRDBSQLite"
# What Milvus is built from has C modules, too: those of the build, and those that come with a map.
[ "${TRAITS:-}" != Milvus ] ||
    for map in "$built"/[CG_]*.build/module.modulemap .build/checkouts/swift-*/Sources/[C_]*/include/module.modulemap; do
        case $map in
        # Of programs that only a build runs; listed above.
        *-tool.build/* | *"/GRDB"* | *'*'*) ;;
        *) maps="$maps $(dirname "$map")" ;;
        esac
    done
set -- -Xcc -ISources/FaissC/include -Xcc -ISources/VectorsC/include
for map in $maps; do
    set -- "$@" -Xcc "-fmodule-map-file=$map/module.modulemap"
done

rm -rf "$output"
mkdir -p "$output/graphs"
failed=
for module in $modules; do
    graphs=$output/graphs/$module
    mkdir "$graphs"
    "$tools/swift-symbolgraph-extract" -module-name "$module" -target "$target" -I "$built/Modules" "$@" \
        -minimum-access-level public -skip-inherited-docs -output-dir "$graphs" ||
        fail "could not extract the symbols of $module"
    python3 Scripts/undocumented.py "$graphs" || failed="$failed $module"
    python3 Scripts/public_api.py "$graphs" "Tests/PublicAPI/$module.txt" ${UPDATE_API-} || failed="$failed $module"
    "$tools/docc" convert "Sources/$module/$module.docc" --additional-symbol-graph-dir "$graphs" \
        --output-dir "$output/$module.doccarchive" --fallback-display-name "$module" \
        --fallback-bundle-identifier "swift-faiss.$module" --warnings-as-errors >"$output/$module.log" 2>&1 ||
        { cat "$output/$module.log" >&2; failed="$failed $module"; }
done
[ -z "$failed" ] || fail "see above what is wrong with the documentation or the API of:$failed"
echo "documentation of $modules: complete and without warnings, in $output"
