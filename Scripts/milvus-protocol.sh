#!/bin/sh
# Writes Sources/Milvus/Protocol/milvus.pb.swift from milvus.proto: by protoc, of Debian's protobuf-compiler, and the plugin
# of the swift-protobuf that the package depends on, built in .cache. Without --check.
#
#   milvus-protocol.sh           writes it
#   milvus-protocol.sh --check   fails if it was not written from milvus.proto as it is now: needs neither
set -eu
. "$(dirname "$0")/common.sh"
cd "$(dirname "$0")/.."
tools=$PWD/.cache/swift-protobuf
cd Sources/Milvus/Protocol

digest=$(sha256sum milvus.proto | cut -d ' ' -f 1)
if [ "${1:-}" = --check ]; then
    grep -q "^// milvus.proto: $digest$" milvus.pb.swift ||
        fail "Sources/Milvus/Protocol/milvus.pb.swift is not that of milvus.proto: run make milvus-protocol"
    exit
fi

command -v protoc >/dev/null || fail "needs protoc: apt-get install protobuf-compiler"
[ -d "$tools" ] || git clone --quiet --branch 1.39.0 https://github.com/apple/swift-protobuf.git "$tools"
swift build --package-path "$tools" -c release --quiet --product protoc-gen-swift
protoc --plugin="$tools/.build/release/protoc-gen-swift" --swift_out=. milvus.proto
# Nothing of it is compiled, or needs swift-protobuf, unless the package's trait Milvus is on.
{
    echo "// swift-format-ignore-file"
    echo "// milvus.proto: $digest"
    echo "#if Milvus"
    cat milvus.pb.swift
    echo "#endif"
} >milvus.pb.swift.new
mv milvus.pb.swift.new milvus.pb.swift
