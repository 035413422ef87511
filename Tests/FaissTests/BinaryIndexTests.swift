import Faiss
import FaissKernelHooks
import Foundation
import TestSupport
import Testing
import Vectors
import VectorsC

private let builders: [IndexDescription] = [.flat, .ivfFlat(lists: 8), .hnsw(neighbors: 16)]

/// Random bits.
private func bits(_ count: Int, dimension: Int, seed: UInt64) throws -> BinaryMatrix {
    var random = SplitMix64(seed: seed)
    let bytes = (0..<count * dimension / 8).map { _ in UInt8.random(in: 0...255, using: &random) }
    return try BinaryMatrix(bytes, dimension: dimension)
}

/// Bits of which 10 in 100 differ from one of a few centres, so that there are neighbours to find.
private func clouds(_ count: Int, dimension: Int, seed: UInt64) throws -> BinaryMatrix {
    let centers = try bits(20, dimension: dimension, seed: 99)
    var random = SplitMix64(seed: seed)
    let bytes = (0..<count).flatMap { _ in
        centers[Int.random(in: 0..<20, using: &random)].map { byte in
            (0..<8).reduce(byte) { $0 ^ (Int.random(in: 0..<10, using: &random) == 0 ? 1 << UInt8($1) : 0) }
        }
    }
    return try BinaryMatrix(bytes, dimension: dimension)
}

/// All vectors, nearest first, equally near ones by id.
private func truth(_ base: BinaryMatrix, ids: [Int64], query: ArraySlice<UInt8>) -> [Neighbor] {
    (0..<base.count).map { row in
        let different = zip(base[row], query).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
        return Neighbor(id: ids[row], distance: Float(different))
    }.sorted { ($0.distance, $0.id) < ($1.distance, $1.id) }
}

private func makeIndex(
    _ description: IndexDescription,
    holding vectors: BinaryMatrix,
    ids: [Int64]? = nil
) throws -> BinaryIndex {
    let index = try BinaryIndex(description, dimension: vectors.dimension)
    try index.train(on: vectors)
    if let ids { try index.add(vectors, ids: ids) } else { try index.add(vectors) }
    return index
}

@Suite("Binary vectors")
struct BinaryIndexTests {
    @Test("A level's kernel finds what counting bits finds, over every length of a row")
    func kernels() throws {
        for bytes in Array(1...34) + [40, 63, 64, 65, 72, 96, 127, 128, 129, 200, 256] {
            let base = try bits(277, dimension: 8 * bytes, seed: UInt64(bytes))
            let query = Array(try bits(1, dimension: 8 * bytes, seed: 5000)[0])
            let distances = (0..<base.count).map { row in
                UInt32(zip(base[row], query).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount })
            }
            for level in KernelLevel.available {
                for limit in [0, UInt32(4 * bytes - 2), UInt32(4 * bytes + 1), .max] {
                    for count in [0, 1, 7, 8, 255, 256, 277] {
                        var found = [UInt32](repeating: 0, count: count)
                        var places = found
                        let size = faiss_kernel_hamming(
                            level,
                            query,
                            base.bytes,
                            count,
                            bytes,
                            limit,
                            &found,
                            &places
                        )
                        let wanted = (0..<count).filter { distances[$0] <= limit }
                        #expect(places.prefix(size).map(Int.init) == wanted, "\(bytes) bytes")
                        #expect(Array(found.prefix(size)) == wanted.map { distances[$0] }, "\(bytes) bytes")
                    }
                }
            }
        }
    }

    @Test(
        "Flat and all lists find what counting bits finds, ties by id",
        arguments: [8, 24, 64, 200, 1024],
        [1, 10, 500]
    )
    func exact(dimension: Int, k: Int) throws {
        let base = try bits(1500, dimension: dimension, seed: 1)
        let queries = try bits(40, dimension: dimension, seed: 2)
        var random = SplitMix64(seed: 3)
        let shuffled = (0..<1500).map { Int64($0) * 3 + 5 }.shuffled(using: &random)
        let filter = IDFilter.range(600..<3000) && !.ids([605, 608])
        for description in builders.dropLast() {
            let index = try makeIndex(description, holding: base, ids: shuffled)
            for threads in [1, 3] as [ThreadLimit] {
                let all = SearchOptions(probes: 8, threads: threads)
                let filtered = SearchOptions(probes: 8, filter: filter, threads: threads)
                let found = try index.search(queries, k: k, options: all)
                let passing = try index.search(queries, k: k, options: filtered)
                let near = try index.search(queries, within: dimension / 2, options: all)
                for row in 0..<queries.count {
                    let truth = truth(base, ids: shuffled, query: queries[row])
                    #expect(Array(found[row]) == Array(truth.prefix(k)))
                    #expect(Array(passing[row]) == Array(truth.filter { filter.contains($0.id) }.prefix(k)))
                    #expect(Array(near[row]) == truth.filter { $0.distance < Float(dimension / 2) })
                }
            }
        }
    }

    @Test("Few lists and a graph find most of what counting bits finds", arguments: builders)
    func recall(description: IndexDescription) throws {
        let base = try clouds(3000, dimension: 128, seed: 1)
        let queries = try clouds(50, dimension: 128, seed: 2)
        let index = try makeIndex(description, holding: base)
        let found = try index.search(queries, k: 10, options: SearchOptions(probes: 3))
        var near = 0
        for row in 0..<queries.count {
            let truth = truth(base, ids: Array(0..<3000), query: queries[row])
            // Of equally far ones any will do.
            near += found[row].count { $0.distance <= truth[9].distance }
            expectWellFormed(found[row], k: 10, metric: .squaredL2)
        }
        #expect(near >= 450, "\(near) of 500")
    }

    @Test("Removed vectors are gone, others come back as they were, no id is given out twice", arguments: builders)
    func removal(description: IndexDescription) throws {
        let base = try bits(300, dimension: 40, seed: 1)
        let index = try BinaryIndex(description, dimension: 40)
        try index.train(on: base)
        #expect(try index.add(base) == 0..<300)
        #expect(try index.remove(ids: [3, 5, 299, 400, -1, 3]) == 3)
        #expect(index.count == 297 && !index.contains(5) && index.contains(6))
        #expect(try index.reconstruct([6, 298, 0]).bytes == Array(base[6]) + Array(base[298]) + Array(base[0]))
        let all = SearchOptions(probes: 8, ef: 1000)
        let found = try index.search(base, k: 300, options: all)
        #expect(found.allSatisfy { list in !list.contains { [3, 5, 299].contains($0.id) } })
        #expect(try index.add(base) == 300..<600)
        #expect(index.ids.count == 597)
        #expect(try index.remove(ids: index.ids) == 597)
        #expect(try index.search(base, k: 3, options: all).allSatisfy(\.isEmpty))
        #expect(try index.add(base).lowerBound == 600)
    }

    @Test("One vector at a time does what many do", arguments: builders)
    func single(description: IndexDescription) throws {
        let base = try clouds(300, dimension: 64, seed: 1)
        let index = try makeIndex(description, holding: base)
        let options = SearchOptions(probes: 8, ef: 500)
        let query = base[7]
        #expect(try index.search(query, k: 9, options: options) == Array(index.search(base, k: 9, options: options)[7]))
        if description.capabilities.searchesWithinDistance {
            let near = try index.search(query, within: 20, options: options)
            #expect(try near == Array(index.search(base, within: 20, options: options)[7]) && near.count > 1)
        }
        #expect(try index.add(query) == 300)
        try index.add(Array(query), id: 1000)
        #expect(try index.reconstruct(300) == Array(query) && index.reconstruct(1000) == Array(query))
        try index.replace(base[8], id: 1000)
        try index.replace(BinaryMatrix(Array(base[9]), dimension: 64), ids: [300])
        #expect(try index.reconstruct([1000, 300]).bytes == Array(base[8]) + Array(base[9]))
        #expect(index.count == 302)
        expectFailure(.dimensionMismatch, naming: "56 bits", "64") { try index.search(query.dropLast(), k: 1) }
        expectFailure(.dimensionMismatch, naming: "72 bits", "64") { try index.add(Array(query) + [0]) }
    }

    @Test("Copies and merged indexes hold what they should", arguments: builders)
    func copyAndMerge(description: IndexDescription) throws {
        let base = try bits(300, dimension: 64, seed: 1)
        let ids = (0..<300).map { Int64($0 * 7 % 300) }
        let index = try makeIndex(description, holding: base, ids: ids)
        let options = SearchOptions(probes: 8, ef: 1000)
        let before = try index.search(base, k: 5, options: options)
        let copy = try index.copy()
        #expect(copy.description == index.description && copy.ids == index.ids)
        #expect(try copy.search(base, k: 5, options: options) == before)
        try copy.remove(ids: 0..<150)
        #expect(try index.search(base, k: 5, options: options) == before)
        let whole = try makeIndex(.flat, holding: base, ids: ids)
        for other in builders {
            let rest = try makeIndex(other, holding: base, ids: ids)
            try rest.remove(ids: 150..<300)
            let merged = try copy.copy()
            try merged.merge(rest)
            #expect(rest.count == 150 && merged.count == 300)
            #expect(try merged.reconstruct(ids).bytes == base.bytes)
            #expect(try merged.search(base, k: 1, options: options) == whole.search(base, k: 1))
            expectFailure(.duplicateID) { try merged.merge(rest) }
            #expect(merged.count == 300)
        }
        let other = try makeIndex(.flat, holding: bits(3, dimension: 32, seed: 1))
        expectFailure(.dimensionMismatch, naming: "32", "64") { try index.merge(other) }
    }

    @Test("Signs of numbers become bits, the lowest first")
    func signs() throws {
        let matrix = try VectorMatrix(
            [1, -1, 0, 0.5, -0.5, .nan, 2, -2] + [Float](repeating: 3, count: 8),
            dimension: 16
        )
        let bits = try BinaryMatrix(signsOf: matrix)
        #expect(bits.bytes == [0b0100_1001, 0xFF])
        #expect(bits.count == 1 && bits.dimension == 16 && bits.description == "1 × 16 bits")
        #expect(throws: VectorError.self) { try BinaryMatrix(signsOf: VectorMatrix([1, 2, 3], dimension: 3)) }
    }

    @Test("Wrong arguments are typed errors")
    func badInput() throws {
        for dimension in [0, -8, .min, .max, 1 << 40, 12, 65_544] {
            expectFailure(.invalidArgument, naming: "\(dimension)", "8...65536") {
                try BinaryIndex(dimension: dimension)
            }
            #expect(throws: VectorError.self) { try BinaryMatrix([], dimension: dimension) }
        }
        #expect(throws: VectorError.self) { try BinaryMatrix([1, 2, 3], dimension: 16) }
        for description in everyBuilder where !builders.map(\.description).contains(description.description) {
            expectFailure(.unsupported, naming: "\(description)") { try BinaryIndex(description, dimension: 64) }
        }
        expectFailure(.invalidArgument, naming: "0") { try BinaryIndex(.hnsw(neighbors: 0), dimension: 64) }
        expectFailure(.invalidArgument, naming: "0") { try BinaryIndex(.ivfFlat(lists: 0), dimension: 64) }
        let base = try bits(100, dimension: 64, seed: 1)
        let other = try bits(100, dimension: 32, seed: 1)
        let untrained = try BinaryIndex(.ivfFlat(lists: 101), dimension: 64)
        expectFailure(.notTrained) { try untrained.add(base) }
        expectFailure(.notTrained) { try untrained.search(base, k: 1) }
        expectFailure(.tooFewTrainingVectors, naming: "100", "101") { try untrained.train(on: base) }
        expectFailure(.dimensionMismatch, naming: "32", "64") { try untrained.train(on: other) }
        for description in builders {
            let index = try makeIndex(description, holding: base)
            expectFailure(.dimensionMismatch, naming: "32", "64") { try index.add(other) }
            expectFailure(.dimensionMismatch, naming: "32", "64") { try index.add(other, ids: Array(200..<300)) }
            expectFailure(.dimensionMismatch, naming: "32", "64") { try index.search(other, k: 1) }
            expectFailure(.dimensionMismatch, naming: "32", "64") { try index.search(other, within: 1) }
            for k in [0, -1, .min] {
                expectFailure(.invalidArgument, naming: "k \(k)") { try index.search(base, k: k) }
            }
            let all = SearchOptions(probes: .max, ef: .max)
            #expect(try index.search(base, k: .max, options: all).allSatisfy { $0.count <= 100 && !$0.isEmpty })
            expectFailure(.invalidArgument, naming: "-1") { try index.search(base, within: -1) }
            if description.capabilities.searchesWithinDistance {
                #expect(try index.search(base, within: .max, options: all).allSatisfy { $0.count == 100 })
                #expect(try index.search(base, within: 0, options: all).allSatisfy(\.isEmpty))
            } else {
                expectFailure(.unsupported) { try index.search(base, within: 3) }
            }
            expectFailure(.invalidArgument, naming: "99 ids", "100") { try index.add(base, ids: Array(200..<299)) }
            expectFailure(.duplicateID, naming: "99") { try index.add(base, ids: Array(99..<199)) }
            expectFailure(.invalidArgument, naming: "-1") { try index.add(base, ids: Array(-1..<99)) }
            expectFailure(.unknownID, naming: "100") { try index.reconstruct([100]) }
            expectFailure(.invalidArgument, naming: "probes") {
                try index.search(base, k: 1, options: SearchOptions(probes: 0))
            }
            #expect(index.count == 100)
            let none = try BinaryMatrix([], dimension: 64)
            #expect(try index.search(none, k: 3).isEmpty)
            try index.add(none)
            try index.add(base, ids: (0..<100).map { .max - $0 })
            expectFailure(.invalidArgument, naming: "no 100 ids are left") { try index.add(base) }
        }
    }

    @Test("Async calls answer the same, stop when cancelled, and add all or nothing", arguments: builders)
    func asynchronous(description: IndexDescription) async throws {
        let base = try clouds(5000, dimension: 64, seed: 1)
        let index = try BinaryIndex(description, dimension: 64)
        try await index.train(on: base)
        #expect(try await index.add(base) == 0..<5000)
        #expect(try await index.remove(ids: [1, 2]) == 2)
        let options = SearchOptions(probes: 8)
        #expect(try await index.search(base, k: 5, options: options) == nearest(in: index, base, options))
        if description.capabilities.searchesWithinDistance {
            #expect(try await index.search(base, within: 8, options: options) == near(in: index, base, options))
        }
        #expect(try await index.reconstruct([4999, 3]).bytes == Array(base[4999]) + Array(base[3]))
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await index.add(base, ids: Array(10_000..<15_000))
        }
        await #expect(throws: VectorError.self) { try await cancelled.value }
        #expect(index.count == 4998)
    }

    /// In an async function the blocking overloads are not taken.
    private func nearest(
        in index: BinaryIndex,
        _ queries: BinaryMatrix,
        _ options: SearchOptions
    ) throws -> NeighborLists { try index.search(queries, k: 5, options: options) }

    private func near(
        in index: BinaryIndex,
        _ queries: BinaryMatrix,
        _ options: SearchOptions
    ) throws -> NeighborLists { try index.search(queries, within: 8, options: options) }
}

@Suite("Files of binary vectors")
struct BinaryFileTests {
    private func index(_ description: IndexDescription, hiding: Bool = false) throws -> BinaryIndex {
        let base = try clouds(200, dimension: 48, seed: 1)
        let index = try makeIndex(description, holding: base, ids: (0..<200).map { ($0 * 7) % 200 })
        if hiding { try index.remove(ids: [10, 20, 30]) }
        return index
    }

    @Test("An index comes back from both formats, ids included", arguments: builders)
    func roundTrip(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let queries = try clouds(30, dimension: 48, seed: 2)
            let options = SearchOptions(probes: 8, ef: 100)
            let original = try index(description)
            let files = [folder.appending(path: "i.vindex"), folder.appending(path: "i.faiss")]
            try original.write(to: files[0])
            try original.writeFaissFile(to: files[1])
            for again in [try BinaryIndex(contentsOf: files[0]), try BinaryIndex(faissFile: files[1])] {
                #expect(again.description == original.description)
                #expect(again.ids.sorted() == original.ids.sorted())
                #expect(
                    try again.search(queries, k: 9, options: options)
                        == original.search(queries, k: 9, options: options)
                )
                #expect(try again.reconstruct(original.ids) == original.reconstruct(original.ids))
                #expect(try again.add(queries) == 200..<230)
            }
            try original.remove(ids: [4, 9])
            try original.write(to: files[0])
            #expect(try BinaryIndex(contentsOf: files[0]).ids.sorted() == original.ids.sorted())
            if !description.capabilities.freesRemovedVectors {
                expectFailure(.unsupported, naming: "2 removed") { try original.writeFaissFile(to: files[1]) }
            }
        }
    }

    /// The bytes 1, 3, 255 under the ids 30, 20, 10, as faiss-cpu 1.15.1 wrote them: in an IndexBinaryIDMap2, and in an
    /// IndexBinaryIVF of two lists.
    private static let fromPython = [
        "SUJNMggAAAABAAAAAwAAAAAAAAABAQAAAElCeEYIAAAAAQAAAAMAAAAAAAAAAQEAAAADAAAAAAAAAAED/wMAAAAAAAAAHgAA"
            + "AAAAAAAUAAAAAAAAAAoAAAAAAAAA",
        "SUJ3RggAAAABAAAAAwAAAAAAAAABAQAAAAIAAAAAAAAAAQAAAAAAAABJQnhGCAAAAAEAAAACAAAAAAAAAAEBAAAAAgAAAAAA"
            + "AAAA/wAAAAAAAAAAAGlsYXICAAAAAAAAAAEAAAAAAAAAZnVsbAIAAAAAAAAAAgAAAAAAAAABAAAAAAAAAAEDHgAAAAAAAAAU"
            + "AAAAAAAAAP8KAAAAAAAAAA==",
    ]

    @Test("What Python's Faiss wrote is read", arguments: fromPython)
    func python(file: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "i.faiss")
            try #require(Data(base64Encoded: file)).write(to: url)
            let index = try BinaryIndex(faissFile: url)
            let found = try index.search(BinaryMatrix([2], dimension: 8), k: 3, options: SearchOptions(probes: 2))
            #expect(found[0].map(\.id) == [20, 30, 10])
            #expect(found[0].map(\.distance) == [1, 2, 7])
        }
    }

    @Test("The other kind's file is refused with a hint")
    func otherKind() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            try index(.flat).write(to: file)
            expectFailure(.unsupported, naming: file.path, "BinaryIndex") { try VectorIndex(contentsOf: file) }
            try index(.flat).writeFaissFile(to: file)
            expectFailure(.unsupported, naming: "an IndexBinaryIDMap2", "BinaryIndex") {
                try VectorIndex(faissFile: file)
            }
            let floats = try makeIndex(.flat, holding: vectors(20))
            try floats.write(to: file)
            expectFailure(.unsupported, naming: file.path, "VectorIndex") { try BinaryIndex(contentsOf: file) }
            try floats.writeFaissFile(to: file)
            expectFailure(.unsupported, naming: file.path, "VectorIndex") { try BinaryIndex(faissFile: file) }
        }
    }

    @Test("Every flipped byte and every truncation of our file is a typed error", arguments: builders)
    func envelope(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            try index(description, hiding: true).write(to: file)
            let whole = try Array(Data(contentsOf: file))
            var random = SplitMix64(seed: 1)
            for round in 0..<400 {
                var bytes = whole
                if round.isMultiple(of: 4) {
                    bytes.removeLast(Int.random(in: 1...whole.count, using: &random))
                } else {
                    let range = Bool.random(using: &random) ? 0..<64 : 0..<whole.count
                    bytes[Int.random(in: range, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
                }
                try Data(bytes).write(to: file)
                expectFailure(.invalidFormat, naming: file.path) { try BinaryIndex(contentsOf: file) }
            }
        }
    }

    @Test("A damaged Faiss file is refused, or makes an index that can be used", arguments: builders)
    func faissFile(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            let queries = try clouds(20, dimension: 48, seed: 2)
            try index(description).writeFaissFile(to: file)
            let whole = try Array(Data(contentsOf: file))
            var random = SplitMix64(seed: 2)
            var loaded = 0
            for round in 0..<800 {
                var bytes = whole
                let head = Bool.random(using: &random) ? min(300, whole.count) : whole.count
                let place = Int.random(in: 0..<head - 4, using: &random)
                switch round % 4 {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 2:
                    let value = [0, 1, -1, 199, 200, 201, 255, .max, .min].randomElement(using: &random)! as Int32
                    withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
                default: bytes.removeLast(Int.random(in: 1...whole.count, using: &random))
                }
                try Data(bytes).write(to: file)
                do throws(VectorError) {
                    let index = try BinaryIndex(faissFile: file)
                    loaded += 1
                    guard index.dimension == 48 else { continue }
                    let found = try index.search(
                        queries,
                        k: 7,
                        options: SearchOptions(probes: 8, filter: .range(0..<150))
                    )
                    for list in found { expectWellFormed(list, k: 7, metric: .squaredL2) }
                    _ = try index.reconstruct(index.ids)
                    try index.add(queries)
                    try index.remove(ids: index.ids.prefix(5))
                    _ = try index.search(queries, k: 300)
                } catch {
                    #expect(!error.message.isEmpty)
                }
            }
            #expect(loaded > 30)
        }
    }
}
