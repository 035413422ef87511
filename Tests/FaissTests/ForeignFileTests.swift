import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

/// Files as Faiss writes them of indexes that no builder makes: put together from bytes, or from what we write.
///
/// That Python's Faiss answers the same from its own files is checked by `Tests/Interoperability`.
@Suite("Faiss's files of other indexes")
struct ForeignFileTests {
    /// Numbers and letters one behind the other, as Faiss writes them.
    private struct Bytes {
        var data = Data()

        mutating func put(_ text: String) { data.append(contentsOf: text.utf8) }
        mutating func put(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
        }
        mutating func put(_ number: Float) { put(number.bitPattern) }
        mutating func put(_ numbers: [Float]) {
            put(UInt64(numbers.count))
            for number in numbers { put(number) }
        }
        mutating func put(_ bytes: [UInt8]) {
            put(UInt64(bytes.count))
            data.append(contentsOf: bytes)
        }
        mutating func put(_ ids: [Int64]) {
            put(UInt64(ids.count))
            for id in ids { put(id) }
        }
        mutating func header(_ type: String, dimension: Int, count: Int, metric: Int32 = 1) {
            put(type)
            put(Int32(dimension))
            put(Int64(count))
            put(Int64(1 << 20))
            put(Int64(1 << 20))
            put(UInt8(1))
            put(metric)
        }
        mutating func flat(_ values: [Float], dimension: Int) {
            header("IxF2", dimension: dimension, count: values.count / dimension)
            put(values)
        }
        mutating func scalarQuantized(type: Int32, ranges: [Float], codes: [UInt8], codeSize: Int, dimension: Int) {
            header("IxSQ", dimension: dimension, count: codes.count / codeSize)
            put(type)
            put(Int32(0))
            put(Float(0))
            put(UInt64(dimension))
            put(UInt64(codeSize))
            put(ranges)
            put(codes)
        }
    }

    /// The length of what stands in front of each index's own fields.
    private static let headerLength = 4 + 4 + 3 * 8 + 1 + 4

    private func read(_ data: Data) throws -> VectorIndex {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            try data.write(to: file)
            return try VectorIndex(faissFile: file)
        }
    }

    private func write(_ index: VectorIndex) throws -> Data {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            try index.writeFaissFile(to: file)
            return try Data(contentsOf: file)
        }
    }

    /// The graph of `index`, which holds the same numbers, over a byte for each.
    private func codedGraph(_ index: VectorIndex, _ base: VectorMatrix, more: Int = 0) throws -> Data {
        let written = try write(index)
        let storageLength = Self.headerLength + 8 + 4 * base.values.count
        var bytes = Bytes(data: Data("IHNs".utf8) + written[4..<written.count - storageLength])
        let codes = base.values.map { UInt8($0) } + [UInt8](repeating: 1, count: more * base.dimension)
        let dimension = base.dimension
        bytes.scalarQuantized(type: 5, ranges: [], codes: codes, codeSize: dimension, dimension: dimension)
        return bytes.data
    }

    @Test("A graph over codes is read with the vectors that they stand for")
    func graphOverCodes() throws {
        let base = try TestVectors.integers(500, dimension: 16, in: 0...255, seed: 1)
        let index = try makeIndex(.hnsw(neighbors: 8), holding: base)
        let coded = try read(codedGraph(index, base))
        #expect(coded.indexDescription == index.indexDescription)
        let options = SearchOptions(ef: 10)  // So few that the graph is walked.
        #expect(
            try coded.search(base[0..<50], k: 10, options: options)
                == index.search(base[0..<50], k: 10, options: options)
        )
        #expect(try coded.reconstruct([7, 499]) == index.reconstruct([7, 499]))
        #expect(try coded.add(base[0..<3]) == 500..<503)
        #expect(try read(write(coded)).search(base[0..<50], k: 10) == coded.search(base[0..<50], k: 10))
        expectFailure(.invalidFormat, naming: "differ in size") { try read(codedGraph(index, base, more: 1)) }
    }

    @Test("A refinement by codes is read with the vectors that they stand for")
    func refinedByCodes() throws {
        let base = try TestVectors.integers(300, dimension: 16, in: 0...255, seed: 1)
        for inner in [.pq(subquantizers: 4, bitsPerCode: 4), .ivf(lists: 8, storing: .scalarQuantized(.int4))]
            as [IndexDescription]
        {
            let index = try makeIndex(.refined(inner, by: 3), holding: base)
            let written = try write(index)
            var bytes = Bytes(data: written[..<(written.count - 4 - Self.headerLength - 8 - 4 * base.values.count)])
            let codes = base.values.map { UInt8($0) }
            bytes.scalarQuantized(type: 5, ranges: [], codes: codes, codeSize: 16, dimension: 16)
            bytes.put(Float(3))
            let coded = try read(bytes.data)
            #expect(coded.indexDescription == index.indexDescription)
            let found = try coded.search(base[0..<50], k: 10)
            #expect(try found == index.search(base[0..<50], k: 10))
            #expect(try coded.remove(ids: [3, 4]) == 2)
            #expect(try coded.add(base[0..<3]) == 300..<303)
        }
    }

    @Test("Packed codes of residuals are read as the same codes one by one")
    func packedResiduals() throws {
        let base = try vectors(300)
        let index = try makeIndex(.ivf(lists: 8, storing: .pqFastScan(subquantizers: 16)), holding: base[0..<300])
        var data = try write(index)
        // What says whether codes are of residuals stands behind the quantizer and an empty map of places.
        let centroidsEnd = 2 * Self.headerLength + 16 + 8 + 4 * 8 * base.dimension
        #expect(data[centroidsEnd + 9] == 0)
        data[centroidsEnd + 9] = 1
        let again = try read(data)
        #expect(again.indexDescription == .ivfPQ(lists: 8, subquantizers: 16, bitsPerCode: 4))
        #expect(again.ids == index.ids)
        // Each vector is now what its code stands for, and one of the centroids.
        let centroids = centroids(in: data, count: 8, dimension: base.dimension)
        let vectors = try again.reconstruct(index.ids)
        let codes = try index.reconstruct(index.ids)
        for row in 0..<300 {
            let rest = zip(vectors[row], codes[row]).map { $0 - $1 }
            #expect(centroids.contains { zip($0, rest).allSatisfy { abs($0 - $1) < 1e-4 } })
        }
        try again.add(base[0..<40])
        #expect(try again.search(base[0..<5], k: 3, options: exhaustive).allSatisfy { $0.count == 3 })
    }

    /// The centroids in a file of lists.
    private func centroids(in data: Data, count: Int, dimension: Int) -> [[Float]] {
        let start = 2 * Self.headerLength + 16 + 8
        return (0..<count).map { row in
            (0..<dimension).map { column in
                data.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: start + 4 * (row * dimension + column), as: Float.self)
                }
            }
        }
    }

    /// A file of lists, as `index` writes it, but with a graph over the same centroids for a quantizer.
    private func withGraph(_ index: VectorIndex, lists: Int) throws -> Data {
        let written = try write(index)
        let start = Self.headerLength + 16
        let end = start + Self.headerLength + 8 + 4 * lists * index.dimension
        let graph = try VectorIndex(.hnsw(neighbors: 4), dimension: index.dimension)
        try graph.add(VectorMatrix(rows: centroids(in: written, count: lists, dimension: index.dimension)))
        return try written[..<start] + write(graph) + written[end...]
    }

    @Test("Lists whose quantizer is a graph are searched by the centroids that are nearest")
    func listsByGraph() throws {
        let base = try vectors(600)
        let index = try makeIndex(.ivfFlat(lists: 16), holding: base)
        let again = try read(withGraph(index, lists: 16))
        #expect(again.indexDescription == .ivfFlat(lists: 16))
        for probes in [1, 4, 16] {
            let options = SearchOptions(probes: probes)
            let found = try again.search(base[0..<50], k: 10, options: options)
            #expect(try found == index.search(base[0..<50], k: 10, options: options))
        }
        try again.add(base[0..<5])
        #expect(again.count == 605)
    }

    @Test("Damaged, they are refused, or make an index that can be used", arguments: 0..<3)
    func damaged(kind: Int) throws {
        let base = try TestVectors.integers(120, dimension: 16, in: 0...255, seed: 1)
        let whole: Data
        switch kind {
        case 0: whole = try codedGraph(makeIndex(.hnsw(neighbors: 4), holding: base), base)
        case 1: whole = try withGraph(makeIndex(.ivfFlat(lists: 8), holding: base), lists: 8)
        default:
            let description = IndexDescription.pca(to: 8, isWhitened: true, then: .normalized(then: .scalarQuantized()))
            whole = try write(makeIndex(description, holding: base))
        }
        var random = SplitMix64(seed: UInt64(kind))
        var loaded = 0
        for round in 0..<600 {
            var data = whole
            // The numbers that say what follows stand at the start and between the blocks.
            let range = round % 2 == 0 ? 0..<min(400, data.count) : 0..<data.count
            let place = Int.random(in: range, using: &random)
            data[place] = UInt8.random(in: 0...255, using: &random)
            do {
                let index = try read(data)
                guard index.dimension == 16 else { continue }
                loaded += 1
                for list in try index.search(base[0..<10], k: 5, options: exhaustive) {
                    expectWellFormed(list, k: 5, metric: index.metric)
                }
                _ = try index.reconstruct(index.ids)
                try index.add(base[0..<2])
            } catch let error as VectorError {
                #expect(!error.message.isEmpty)
            }
        }
        #expect(loaded > 30)
    }

    @Test("Codes of bytes as they are, and of one range for all components")
    func ranges() throws {
        let codes = (0..<40 * 8).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 / 11) }
        func index(_ type: Int32, _ ranges: [Float], _ codes: [UInt8], codeSize: Int) throws -> VectorIndex {
            var bytes = Bytes()
            bytes.scalarQuantized(type: type, ranges: ranges, codes: codes, codeSize: codeSize, dimension: 8)
            return try read(bytes.data)
        }
        func expectHolds(_ values: [Float], _ index: VectorIndex) throws {
            let held = try index.reconstruct(index.ids).values
            #expect(held.count == values.count)
            for (one, other) in zip(held, values) { #expect(abs(one - other) < 1e-3) }
            let exact = try VectorIndex(.flat, dimension: 8)
            try exact.add(VectorMatrix(values, dimension: 8))
            let queries = try VectorMatrix(Array(values[0..<80]), dimension: 8)
            let span = try #require(values.max()) - #require(values.min())
            try expectSame(index.search(queries, k: 10), exact.search(queries, k: 10), tolerance: span * span * 1e-5)
        }
        let direct = try index(5, [], codes, codeSize: 8)
        #expect(direct.indexDescription == .scalarQuantized(.int8))
        try expectHolds(codes.map { Float($0) }, direct)
        // What is added is stored as the same bytes, all of them.
        let all = try VectorMatrix((0..<256).map { Float($0) }, dimension: 8)
        try direct.add(all)
        let stored = try direct.reconstruct((40..<72).map { $0 }).values
        for (one, other) in zip(stored, all.values) { #expect(abs(one - other) < 1e-3) }

        try expectHolds(codes.map { -2 + 10 * (Float($0) + 0.5) / 255 }, index(2, [-2, 10], codes, codeSize: 8))
        let nibbles = codes.flatMap { [$0 & 15, $0 >> 4] }
        try expectHolds(nibbles.map { -2 + 150 * (Float($0) + 0.5) / 15 }, index(3, [-2, 150], codes, codeSize: 4))
        expectFailure(.invalidFormat, naming: "1 numbers", "2") { try index(2, [-2], codes, codeSize: 8) }
        expectFailure(.unsupported, naming: "QT_bf16") { try index(7, [], codes, codeSize: 16) }
    }

    @Test("Vectors of length 1, and an id map behind the transform")
    func normalized() throws {
        func transformed(norm: Float = 2, inside: (inout Bytes) -> Void) -> Data {
            var bytes = Bytes()
            bytes.header("IxPT", dimension: 2, count: 3)
            bytes.put(Int32(1))
            bytes.put("VNrm")
            bytes.put(norm)
            bytes.put(Int32(2))
            bytes.put(Int32(2))
            bytes.put(UInt8(1))
            inside(&bytes)
            return bytes.data
        }
        func map(_ ids: [Int64], into bytes: inout Bytes) {
            bytes.header("IxM2", dimension: 2, count: 3)
            bytes.flat([1, 0, 0, 1, -1, 0], dimension: 2)
            bytes.put(ids)
        }
        let index = try read(transformed { map([30, 10, 20], into: &$0) })
        #expect(index.indexDescription == .normalized(then: .flat))
        #expect(index.ids == [30, 10, 20])
        let found = try index.search([0, 50], k: 3)
        #expect(found.map(\.id) == [10, 20, 30])
        #expect(found.map(\.distance) == [0, 2, 2])
        try index.add(VectorMatrix([3, 4, 0, 0], dimension: 2), ids: [40, 50])
        #expect(try index.reconstruct([40, 50]).values == [0.6, 0.8, 0, 0])

        expectFailure(.invalidFormat, naming: "-1", "negative") {
            try read(transformed { map([30, -1, 20], into: &$0) })
        }
        expectFailure(.unsupported, naming: "norm 1") { try read(transformed(norm: 1) { map([1, 2, 3], into: &$0) }) }
        // A map in a map's transform is one too many.
        var twice = Bytes()
        twice.header("IxM2", dimension: 2, count: 3)
        twice.data += transformed { map([30, 10, 20], into: &$0) }
        twice.put([1, 2, 3] as [Int64])
        expectFailure(.unsupported, naming: "an IndexIDMap2 inside an IndexPreTransform inside an IndexIDMap2") {
            try read(twice.data)
        }
    }

    @Test("Whitened components have the variance 1, and come back", arguments: [false, true])
    func whitened(isRotated: Bool) throws {
        let base = try vectors(2000)
        let description = IndexDescription.pca(to: dimension, isWhitened: true, isRotated: isRotated, then: .flat)
        let index = try makeIndex(description, holding: base)
        // The squared distance to the mean, over all vectors, is the number of components.
        let mean = (0..<dimension).map { column in
            (0..<base.count).reduce(Float(0)) { $0 + base.values[$1 * dimension + column] } / Float(base.count)
        }
        let distances = try index.search(mean, k: base.count).map(\.distance)
        #expect(abs(distances.reduce(0, +) / Float(base.count) - Float(dimension)) < 0.1)
        let ids: [Int64] = [0, 1, 1999]
        for (one, other) in zip(try index.reconstruct(ids).values, ids.flatMap { Array(base[Int($0)]) }) {
            #expect(abs(one - other) < 1e-3)
        }
        let again = try read(write(index))
        #expect(again.indexDescription == description)
        #expect(try again.search(base[0..<20], k: 10) == index.search(base[0..<20], k: 10))

        // Of vectors that are all the same, nothing is stretched without limit.
        let same = try VectorIndex(description, dimension: dimension)
        try same.train(on: VectorMatrix([Float](repeating: 3, count: 50 * dimension), dimension: dimension))
        try same.add(base[0..<10])
        #expect(try same.search(mean, k: 10).allSatisfy(\.distance.isFinite))
        expectFailure(.notFinite, naming: "1e+12") {
            try index.search([Float](repeating: 1e12, count: dimension), k: 1)
        }
        expectFailure(.invalidArgument, naming: "normalized(then:)") {
            try VectorIndex(description, dimension: dimension, metric: .cosine)
        }
        expectFailure(.invalidArgument, naming: "half precision") {
            try VectorIndex(.pca(to: 8, isWhitened: true, then: .scalarQuantized(.float16)), dimension: dimension)
        }
    }
}
