import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

/// That Python's Faiss reads and writes the same is checked by `Tests/Interoperability`.
@Suite("Faiss's own file")
struct FaissFileTests {
    @Test("An index comes back from it, ids included", arguments: everyBuilder, Metric.allCases)
    func roundTrip(description: IndexDescription, metric: Metric) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            let base = try vectors(400)
            var random = SplitMix64(seed: 6)
            let shuffled = (0..<400 as Range<Int64>).map { $0 * 1_000_000_007 }.shuffled(using: &random)
            for ids in [nil, (0..<400).map { 3 * $0 + 5 }, shuffled] as [[Int64]?] {
                let original = try makeIndex(description, metric: metric, holding: base, ids: ids)
                try original.writeFaissFile(to: file)
                let again = try VectorIndex(faissFile: file, metric: metric)
                #expect(again.description == original.description)
                #expect(again.ids.sorted() == original.ids.sorted())
                let found = try original.search(base[0..<30], k: 20, options: exhaustive)
                #expect(try again.search(base[0..<30], k: 20, options: exhaustive) == found)
                #expect(try again.remove(ids: original.ids.prefix(50)) == 50)
                let largest = try #require(original.ids.max())
                #expect(try again.add(base[0..<1]).lowerBound == largest + 1)
                // The format has no cosine; without being told, its vectors are compared by inner product.
                let plain = try VectorIndex(faissFile: file)
                #expect(plain.metric == (metric == .squaredL2 ? .squaredL2 : .innerProduct))
            }
        }
    }

    @Test("A metric that is not the file's is refused", arguments: everyBuilder)
    func wrongMetric(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            try makeIndex(description, metric: .squaredL2, holding: vectors(300)).writeFaissFile(to: file)
            for metric in [Metric.innerProduct, .cosine] {
                expectFailure(.invalidArgument, naming: "squared L2", metric.description) {
                    try VectorIndex(faissFile: file, metric: metric)
                }
            }
            try makeIndex(description, metric: .innerProduct, holding: vectors(300)).writeFaissFile(to: file)
            expectFailure(.invalidArgument, naming: "squared L2", "inner product") {
                try VectorIndex(faissFile: file, metric: .squaredL2)
            }
        }
    }

    @Test("Hidden vectors can't be expressed in it, removed ones need not be", arguments: everyBuilder)
    func removed(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            let index = try makeIndex(description, holding: vectors(300))
            try index.remove(ids: [4, 9])
            if !description.capabilities.freesRemovedVectors {
                expectFailure(.unsupported, naming: "2 removed") { try index.writeFaissFile(to: file) }
                #expect(!FileManager.default.fileExists(atPath: file.path))
            } else {
                try index.writeFaissFile(to: file)
                #expect(try VectorIndex(faissFile: file).ids.sorted() == index.ids.sorted())
            }
        }
    }

    /// The bytes of a flat index of 3 vectors as Faiss writes it, inside a map to these ids.
    private func mapped(
        ids: [Int64],
        type: String = "IxM2",
        inside: String = "IxF2",
        metric: Int32 = 1,
        values: [Float]? = nil
    ) -> Data {
        var data = Data()
        func put(_ text: String) { data.append(contentsOf: text.utf8) }
        func put(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
        }
        func header() {
            put(Int32(2))
            put(Int64(3))
            put(Int64(1 << 20))
            put(Int64(1 << 20))
            put(UInt8(1))
            put(metric)
        }
        put(type)
        header()
        put(inside)
        header()
        put(UInt64(6))
        for value in values ?? [0, 0, 1, 0, 2, 0] { put(value.bitPattern) }
        put(UInt64(ids.count))
        for id in ids { put(id) }
        return data
    }

    @Test("The ids of a map are held to the rules that ours are")
    func foreignIDs() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            for type in ["IxMp", "IxM2"] {
                try mapped(ids: [30, 10, 20], type: type).write(to: file)
                let index = try VectorIndex(faissFile: file)
                #expect(try index.search([0, 0], k: 3).map(\.id) == [30, 10, 20])
                #expect(try index.remove(ids: [10]) == 1)
                #expect(try index.search([0, 0], k: 3).map(\.id) == [30, 20])
            }
            for ids in [[30, -1, 20], [-1, -1, -1], [1, 2, -5], [.min, 0, 1]] as [[Int64]] {
                try mapped(ids: ids).write(to: file)
                expectFailure(.invalidFormat, naming: "\(ids.first { $0 < 0 }!)", "negative") {
                    try VectorIndex(faissFile: file)
                }
            }
            try mapped(ids: [5, 7, 5]).write(to: file)
            expectFailure(.invalidFormat, naming: "5") { try VectorIndex(faissFile: file) }
            try mapped(ids: [5, 7]).write(to: file)
            expectFailure(.invalidFormat, naming: "2", "3") { try VectorIndex(faissFile: file) }
        }
    }

    @Test("Numbers that an index would not take are not taken from a file either")
    func foreignValues() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            for bad in [Float.nan, .infinity, -.infinity, 1e30] {
                try mapped(ids: [1, 2, 3], values: [0, 0, 1, bad, 2, 0]).write(to: file)
                expectFailure(.invalidFormat, naming: "\(bad)") { try VectorIndex(faissFile: file) }
            }
        }
    }

    @Test("Types and metrics that are not offered are named")
    func unsupportedTypes() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.faiss")
            for (type, name) in [
                ("IxHe", "an IndexLSH"), ("IHN2", "an IndexHNSW2Level"), ("INSf", "an IndexNSGFlat"),
                ("IwQR", "an IndexIVFPQR"), ("IxRq", "an IndexResidualQuantizer"),
                ("IxLS", "an IndexLocalSearchQuantizer"), ("IwSh", "an IndexIVFSpectralHash"),
                ("Irfn", "an IndexRaBitQFastScan"), ("Imiq", "a MultiIndexQuantizer (IMI)"), ("IxZZ", "'IxZZ'"),
                ("IBxF", "an IndexBinaryFlat"), ("RmDT", "a RemapDimensionsTransform (Pad)"),
            ] {
                try mapped(ids: [1, 2, 3], type: type).write(to: file)
                expectFailure(.unsupported, naming: name) { try VectorIndex(faissFile: file) }
                guard type.hasPrefix("I") else { continue }
                try mapped(ids: [1, 2, 3], inside: type).write(to: file)
                expectFailure(.unsupported, naming: name, "inside an IndexIDMap2") { try VectorIndex(faissFile: file) }
            }
            try mapped(ids: [1, 2, 3]).write(to: file)
            expectFailure(.unsupported, naming: "an IndexIDMap2", "VectorIndex") { try BinaryIndex(faissFile: file) }
            try mapped(ids: [1, 2, 3], metric: 2).write(to: file)
            expectFailure(.unsupported, naming: "metric 2", "METRIC_L1") { try VectorIndex(faissFile: file) }
            try (mapped(ids: [1, 2, 3]) + [0]).write(to: file)
            expectFailure(.invalidFormat, naming: "1 bytes follow") { try VectorIndex(faissFile: file) }
        }
    }

    @Test("A file of the other format is called one")
    func otherFormat() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i")
            let index = try makeIndex(.flat, holding: vectors(10))
            try index.write(to: file)
            expectFailure(.unsupported, naming: "init(contentsOf:)") { try VectorIndex(faissFile: file) }
            try index.writeFaissFile(to: file)
            expectFailure(.invalidFormat, naming: "IndexFlat", "init(faissFile:)") { try VectorIndex(contentsOf: file) }
        }
    }

    @Test("A git-lfs pointer is called one by every reader")
    func pointers() throws {
        try withTemporaryFolder { folder in
            let pointer = """
                version https://git-lfs.github.com/spec/v1
                oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
                size 12345

                """
            func url(_ name: String) throws -> URL {
                let url = folder.appending(path: name)
                try Data(pointer.utf8).write(to: url)
                return url
            }
            let parts = ["git-lfs pointer", "git lfs pull"]
            expectFailure(.invalidFormat, naming: parts[0], parts[1]) { try VectorIndex(faissFile: url("i.faiss")) }
            expectFailure(.invalidFormat, naming: parts[0], parts[1]) { try VectorIndex(contentsOf: url("i.vindex")) }
            expectFailure(.invalidFormat, naming: parts[0], parts[1]) { try BinaryIndex(faissFile: url("b.faiss")) }
            for name in ["v.npy", "v.fvecs", "v.bvecs"] {
                let file = try url(name)
                do throws(VectorError) {
                    _ = try VectorFile.read(file)
                    Issue.record("\(name) was read")
                } catch {
                    #expect(error.code == .invalidFormat)
                    for part in parts { #expect(error.message.contains(part), "\(error.message)") }
                }
            }
        }
    }
}
