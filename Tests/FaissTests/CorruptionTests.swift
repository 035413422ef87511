import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

/// Damage to files, from fixed seeds.
@Suite("Corrupted files")
struct CorruptionTests {
    private static let flips = 600
    private static let truncations = 150

    private func write(_ bytes: [UInt8], to url: URL) throws { try Data(bytes).write(to: url) }

    /// An index with ids that take part in the file.
    private func index(_ description: IndexDescription, metric: Metric = .squaredL2) throws -> VectorIndex {
        let base = try vectors(300)
        let index = try makeIndex(description, metric: metric, holding: base, ids: (0..<300).map { ($0 * 7) % 300 })
        try index.remove(ids: [10, 20, 30])
        return index
    }

    @Test("Every flipped byte and every truncation of our file is a typed error", arguments: everyBuilder)
    func envelope(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            try index(description).write(to: file)
            let whole = try Array(Data(contentsOf: file))
            var random = SplitMix64(seed: 1)

            func expectRefused(_ bytes: [UInt8], _ what: String) throws {
                try write(bytes, to: file)
                do throws(VectorError) {
                    _ = try VectorIndex(contentsOf: file)
                    Issue.record("\(what) was not noticed")
                } catch {
                    #expect(error.code == .invalidFormat, "\(what): \(error.message)")
                    #expect(error.message.contains(file.path))
                }
            }

            for _ in 0..<Self.flips {
                // Every second one in the header, which is small but says what the rest means.
                let range = Bool.random(using: &random) ? 0..<64 : 0..<whole.count
                let place = Int.random(in: range, using: &random)
                var bytes = whole
                bytes[place] ^= UInt8.random(in: 1...255, using: &random)
                try expectRefused(bytes, "byte \(place)")
            }
            for _ in 0..<Self.truncations {
                let length = Int.random(in: 0..<whole.count, using: &random)
                try expectRefused(Array(whole[..<length]), "the end at \(length)")
            }
            try expectRefused(whole + [0], "a byte more")
            try expectRefused(whole + whole, "the file twice")
        }
    }

    @Test("Exchanged and zeroed pieces of our file are typed errors", arguments: everyBuilder, [1, 2] as [UInt64])
    func largerDamage(description: IndexDescription, seed: UInt64) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            try index(description).write(to: file)
            let whole = try Array(Data(contentsOf: file))
            var random = SplitMix64(seed: seed)
            for _ in 0..<40 {
                var bytes = whole
                let length = Int.random(in: 8...512, using: &random)
                let from = Int.random(in: 0..<whole.count - length, using: &random)
                let to = Int.random(in: 0..<whole.count - length, using: &random)
                if Bool.random(using: &random) {
                    bytes.replaceSubrange(to..<to + length, with: whole[from..<from + length])
                } else {
                    bytes.replaceSubrange(to..<to + length, with: repeatElement(0, count: length))
                }
                if bytes == whole { continue }
                try write(bytes, to: file)
                expectFailure(.invalidFormat, naming: file.path) { try VectorIndex(contentsOf: file) }
            }
        }
    }

    /// Faiss's own file has no checksum, so damage among its numbers goes unnoticed. It must not lead to a crash, a hang
    /// or an answer that no index could give.
    @Test(
        "A damaged Faiss file is refused, or makes an index that can be used",
        arguments: everyBuilder,
        [Metric.squaredL2, .innerProduct]
    )
    func faissFile(description: IndexDescription, metric: Metric) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            let base = try TestVectors.integers(60, dimension: 16, in: 0...9, seed: 1)
            let sample = try TestVectors.integers(300, dimension: 16, in: 0...9, seed: 2)
            for given in [false, true] {
                let index = try VectorIndex(description, dimension: 16, metric: metric)
                try index.train(on: sample)
                if given { try index.add(base, ids: (0..<60).map { 100 - $0 }) } else { try index.add(base) }
                try index.writeFaissFile(to: file)
                let whole = try Array(Data(contentsOf: file))
                var random = SplitMix64(seed: given ? 3 : 4)
                // The numbers that say what follows stand at the start and between the blocks.
                var loaded = 0
                for round in 0..<600 {
                    var bytes = whole
                    switch round % 5 {
                    case 0: bytes[(round / 5) % whole.count] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    case 1:
                        // A number of four bytes to a value that is likely to trip somebody.
                        let head = Bool.random(using: &random) ? min(300, whole.count) : whole.count
                        let place = Int.random(in: 0..<head - 4, using: &random)
                        let value = [0, 1, -1, 59, 60, 61, 255, .max, .min].randomElement(using: &random)! as Int32
                        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
                    case 2:
                        let place = Int.random(in: 0..<whole.count, using: &random)
                        bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 3:
                        for _ in 0..<5 {
                            let place = Int.random(in: 0..<whole.count, using: &random)
                            bytes[place] = UInt8.random(in: 0...255, using: &random)
                        }
                    default: bytes.removeLast(Int.random(in: 1...whole.count, using: &random))
                    }
                    try write(bytes, to: file)
                    if let index = try? VectorIndex(faissFile: file) {
                        loaded += 1
                        try use(index, with: base, sample)
                    } else {
                        #expect(throws: VectorError.self) { try VectorIndex(faissFile: file) }
                    }
                }
                #expect(loaded > 30)
            }
        }
    }

    /// Calls what can be called. Errors are fine, as long as they are typed; answers must be well formed.
    private func use(_ index: VectorIndex, with queries: VectorMatrix, _ more: VectorMatrix) throws {
        guard index.dimension == queries.dimension else { return }
        func attempt(_ body: () throws(VectorError) -> Void) {
            do throws(VectorError) { try body() } catch { #expect(!error.message.isEmpty) }
        }
        func check(_ list: some Collection<Neighbor>) {
            #expect(list.allSatisfy { index.contains($0.id) })
            expectWellFormed(list, k: index.count, metric: index.metric)
        }
        let count = index.count
        attempt { () throws(VectorError) in check(try index.search(Array(queries[0]), k: 100, options: exhaustive)) }
        attempt { () throws(VectorError) in
            for list in try index.search(queries[0..<25], k: 5, options: exhaustive) { check(list) }
        }
        attempt { () throws(VectorError) in check(try index.search(Array(queries[1]), within: 40, options: exhaustive))
        }
        attempt { () throws(VectorError) in
            let options = SearchOptions(probes: 8, ef: 50, filter: .range(0..<50))
            check(try index.search(Array(queries[2]), k: 7, options: options))
        }
        attempt { () throws(VectorError) in _ = try index.reconstruct(index.ids) }
        attempt { () throws(VectorError) in
            try index.add(more[0..<3], threads: 1)
            #expect(index.count == count + 3)
        }
        attempt { () throws(VectorError) in
            let removed = try index.remove(ids: index.ids.prefix(5))
            #expect(removed == 5)
        }
        attempt { () throws(VectorError) in check(try index.search(Array(queries[0]), k: 100, options: exhaustive)) }
        _ = index.description
    }
}
