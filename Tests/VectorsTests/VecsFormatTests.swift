import Foundation
import TestSupport
import Testing
import Vectors

@Suite("fvecs, bvecs and ivecs")
struct VecsFormatTests {
    /// A row as the format has it.
    private func row(_ dimension: Int32, _ components: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: dimension.littleEndian) { Array($0) } + components
    }

    private func with(_ name: String, _ bytes: [UInt8], _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: name)
            try Data(bytes).write(to: file)
            try body(file)
        }
    }

    @Test("fvecs by hand, and whatever was written")
    func fvecs() throws {
        // 1.5 and −2 in two rows of one.
        let bytes = row(1, [0, 0, 0xC0, 0x3F]) + row(1, [0, 0, 0, 0xC0])
        try with("a.fvecs", bytes) { file in
            #expect(try VectorFile.read(file) == VectorMatrix([1.5, -2], dimension: 1))
            try VectorFile.write(VectorMatrix([1.5, -2], dimension: 1), to: file)
            #expect(try Array(Data(contentsOf: file)) == bytes)
        }
        // Beyond one block of reading.
        let large = try TestVectors.uniform(9000, dimension: 37, seed: 1)
        try with("b.FVECS", []) { file in
            try VectorFile.write(large, to: file)
            #expect(try VectorFile.read(file) == large)
            #expect(try VectorFile.read(file, limit: 8000) == large[0..<8000])
            #expect(try VectorFile.read(file, limit: 0) == large[0..<0])
            #expect(try VectorFile.read(file, limit: .max) == large)
        }
    }

    @Test("bvecs are numbers from 0 to 255")
    func bvecs() throws {
        try with("a.bvecs", row(3, [0, 127, 255]) + row(3, [1, 2, 3])) { file in
            let matrix = try VectorFile.read(file)
            #expect(matrix.values == [0, 127, 255, 1, 2, 3] && matrix.dimension == 3)
            expectFailure(.invalidArgument, naming: "a.bvecs", ".fvecs, .npy") {
                try VectorFile.write(VectorMatrix([1], dimension: 1), to: file)
            }
        }
    }

    @Test("From async functions the same calls don't block")
    func asynchronous() async throws {
        try await withTemporaryFolder { folder in
            let (vectors, ids) = (folder.appending(path: "a.npy"), folder.appending(path: "a.ivecs"))
            let matrix = try VectorMatrix([1, 2, 3, 4], dimension: 2)
            try await VectorFile.write(matrix, to: vectors)
            #expect(try await VectorFile.read(vectors) == matrix)
            try await VectorFile.writeIDs([[1, 2]], to: ids)
            #expect(try await VectorFile.readIDs(ids) == [[1, 2]])
            await #expect(throws: VectorError.self) { try await VectorFile.read(ids) }
        }
    }

    @Test("ivecs are lists of ids")
    func ivecs() throws {
        try with("a.ivecs", []) { file in
            for rows in [[[1, -1], [.max, .min]], [], [[7]]] as [[[Int32]]] {
                try VectorFile.writeIDs(rows, to: file)
                #expect(try VectorFile.readIDs(file) == rows)
            }
            try VectorFile.writeIDs([[1, 2], [3, 4], [5, 6]], to: file)
            #expect(try VectorFile.readIDs(file, limit: 2) == [[1, 2], [3, 4]])
            expectFailure(.invalidArgument, naming: "limit -1") { try VectorFile.readIDs(file, limit: -1) }
            try VectorFile.writeIDs([[1], [2, 3, 4]], to: file)
            expectFailure(.invalidFormat, naming: "row 1", "dimension") { try VectorFile.readIDs(file) }
        }
    }

    @Test(
        "Malformed files are refused by what is wrong",
        arguments: [
            ("empty", [], "is empty"),
            ("three bytes", [1, 0, 0], "ends after 3 bytes"),
            ("dimension 0", [0, 0, 0, 0], "dimension 0"),
            ("dimension -1", [255, 255, 255, 255], "dimension -1"),
            ("dimension 65537", [1, 0, 1, 0, 0, 0, 0, 0], "dimension 65537"),
            ("half a row", [2, 0, 0, 0, 1, 1, 1, 1], "8 bytes"),
            ("second row of another dimension", [1, 0, 0, 0, 9, 9, 9, 9, 2, 0, 0, 0, 9, 9, 9, 9], "row 1"),
        ] as [(String, [UInt8], String)]
    )
    func malformed(name: String, bytes: [UInt8], part: String) throws {
        try with("a.fvecs", bytes) { file in
            expectFailure(.invalidFormat, naming: "a.fvecs", part) { try VectorFile.read(file) }
        }
    }

    @Test("Other extensions, missing files, folders and negative limits")
    func otherFiles() throws {
        try with("a.txt", [1, 2, 3]) { file in
            expectFailure(.invalidArgument, naming: "a.txt", ".fvecs, .bvecs, .npy") { try VectorFile.read(file) }
            expectFailure(.invalidArgument, naming: "a.txt") {
                try VectorFile.write(VectorMatrix([1], dimension: 1), to: file)
            }
            let folder = file.deletingLastPathComponent().appending(path: "f.fvecs")
            expectFailure(.inputOutput, naming: "f.fvecs", "No such file") { try VectorFile.read(folder) }
            expectFailure(.invalidArgument, naming: "limit -1") { try VectorFile.read(folder, limit: -1) }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            expectFailure(.inputOutput, naming: "f.fvecs", "regular file") { try VectorFile.read(folder) }
            expectFailure(.inputOutput, naming: "f.fvecs", "folder") {
                try VectorFile.write(VectorMatrix([1], dimension: 1), to: folder)
            }
        }
    }
}
