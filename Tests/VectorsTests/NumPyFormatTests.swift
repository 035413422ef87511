import Foundation
import TestSupport
import Testing
import Vectors

@Suite("NumPy's file")
struct NumPyFormatTests {
    /// A file as NumPy lays it out.
    private func file(_ header: String, _ numbers: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let size = header.utf8.count + 1
        let length: [UInt8] = [UInt8(size & 255), UInt8(size >> 8)] + (version == 1 ? [] : [0, 0])
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array((header + "\n").utf8) + numbers
    }

    private func header(_ type: String, _ shape: String, order: String = "False") -> String {
        "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
    }

    private func bytes<Number>(_ numbers: [Number]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

    private func read(_ bytes: [UInt8], limit: Int? = nil) throws -> VectorMatrix {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "a.npy")
            try Data(bytes).write(to: file)
            return try VectorFile.read(file, limit: limit)
        }
    }

    @Test("Every item type comes out as its number")
    func types() throws {
        #expect(try read(file(header("<f4", "(1, 3)"), bytes([Float(1.5), -2, 3e38]))).values == [1.5, -2, 3e38])
        #expect(try read(file(header("<f8", "(3, 1)"), bytes([1.5, -2, 0.1]))).values == [1.5, -2, 0.1])
        #expect(try read(file(header("|i1", "(2, 2)"), bytes([Int8(-128), -1, 0, 127]))).values == [-128, -1, 0, 127])
        #expect(try read(file(header("|u1", "(2, 2)"), [0, 1, 128, 255])).values == [0, 1, 128, 255])
    }

    @Test("A double beyond the range of floats is named with its value and place; an infinite one stays infinite")
    func beyond() throws {
        let error = #expect(throws: VectorError.self) {
            try read(file(header("<f8", "(2, 2)"), bytes([1, -Double.infinity, 2, 1e300])))
        }
        #expect(error?.code == .invalidFormat)
        for part in ["row 1", "component 1", "1e+300", "3.4028235e+38"] {
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
        #expect(try read(file(header("<f8", "(1, 2)"), bytes([1, -Double.infinity]))).values == [1, -.infinity])
    }

    @Test("Halves: normal, subnormal, zeros, the ends of the range, infinities, NaN")
    func halves() throws {
        let halves: [(UInt16, Float)] = [
            (0x3C00, 1), (0xC000, -2), (0x3555, 0.333251953125), (0x7BFF, 65504), (0xFBFF, -65504),
            (0x0400, 6.103515625e-05), (0x0001, 5.9604644775390625e-08), (0x8001, -5.9604644775390625e-08),
            (0x03FF, 6.097555160522461e-05), (0x0000, 0), (0x7C00, .infinity), (0xFC00, -.infinity),
        ]
        let matrix = try read(file(header("<f2", "(\(halves.count), 1)"), bytes(halves.map(\.0))))
        #expect(matrix.values == halves.map(\.1))
        let special = try read(file(header("<f2", "(1, 2)"), bytes([UInt16(0x8000), 0x7E00])))
        #expect(special.values[0].sign == .minus && special.values[0] == 0)
        #expect(special.values[1].isNaN)
    }

    @Test("Versions 1 to 3, other spellings of the header, and a limit")
    func headers() throws {
        let numbers = bytes([Float(1), 2, 3, 4])
        let expected = try VectorMatrix([1, 2, 3, 4], dimension: 2)
        for version in [1, 2, 3] as [UInt8] {
            #expect(try read(file(header("<f4", "(2, 2)"), numbers, version: version)) == expected)
        }
        #expect(try read(file("{'shape':(2,2),'fortran_order':False,'descr':'<f4'}", numbers)) == expected)
        #expect(try read(file(header("<f4", "(2, 2)") + String(repeating: " ", count: 500), numbers)) == expected)
        #expect(try read(file(header("<f4", "(2, 2)"), numbers), limit: 1) == expected[0..<1])
        #expect(try read(file(header("<f4", "(0, 2)"), [])).count == 0)
        // One row is the same in both orders.
        #expect(try read(file(header("<f4", "(1, 4)", order: "True"), numbers)).values == [1, 2, 3, 4])
    }

    @Test("What was written is what NumPy would write, and reads back")
    func writing() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "a.npy")
            let matrix = try TestVectors.uniform(3000, dimension: 101, seed: 1)
            try VectorFile.write(matrix, to: file)
            #expect(try VectorFile.read(file) == matrix)
            let data = try Data(contentsOf: file)
            #expect(Array(data.prefix(8)) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
            let start = 10 + Int(data[8]) + Int(data[9]) << 8
            #expect(start % 64 == 0)
            #expect(data.count == start + 3000 * 101 * 4)
            let text = try #require(String(data: data[10..<start], encoding: .utf8))
            #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (3000, 101), }"))
            #expect(text.hasSuffix("\n"))
            try VectorFile.write(matrix[0..<0], to: file)
            #expect(try VectorFile.read(file) == matrix[0..<0])
        }
    }

    @Test(
        "Malformed files are refused by what is wrong",
        arguments: [
            ("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }", 4, ">f4"),
            ("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1), }", 4, "<i4"),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }", 8, "|O"),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1), }", 4, "unreadable header"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", 16, "Fortran order"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", 16, "two-dimensional"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4, "two-dimensional"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 1), }", 16, "two-dimensional"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }", 0, "dimension 0"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 65537), }", 65537 * 4, "dimension 65537"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 15, "15 bytes"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 17, "17 bytes"),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2), }", 16,
                "9223372036854775807"
            ),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 2), }", 16, "two-dimensional"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 2), }", 16, "unreadable header"),
            ("king queen man woman", 16, "unreadable header"),
        ]
    )
    func malformed(text: String, size: Int, part: String) {
        expectFailure(.invalidFormat, naming: "a.npy", part) {
            try read(file(text, [UInt8](repeating: 0, count: size)))
        }
    }

    @Test("Files that end in the header, and files of something else")
    func truncated() throws {
        let whole = file(header("<f4", "(2, 2)"), bytes([Float(1), 2, 3, 4]))
        for length in 0..<whole.count {
            expectFailure(.invalidFormat, naming: "a.npy") { try read(Array(whole[..<length])) }
        }
        expectFailure(.invalidFormat, naming: "does not start") { try read([UInt8](repeating: 65, count: 200)) }
        var later = whole
        later[6] = 4
        expectFailure(.invalidFormat, naming: "version 4") { try read(later) }
        later = file(header("<f4", "(2, 2)"), [], version: 2)
        later.replaceSubrange(8..<12, with: [255, 255, 255, 255])
        expectFailure(.invalidFormat, naming: "header of 4294967295 bytes") { try read(later) }
    }

    @Test("No flipped byte crashes the reader", arguments: [1, 2, 3] as [UInt64])
    func flipped(seed: UInt64) throws {
        let whole = file(header("<f4", "(4, 2)"), bytes((0..<8).map(Float.init)))
        var random = SplitMix64(seed: seed)
        var refused = 0
        for _ in 0..<300 {
            var bytes = whole
            bytes[Int.random(in: 0..<whole.count - 32, using: &random)] = UInt8.random(in: 0...255, using: &random)
            do {
                let matrix = try read(bytes)
                #expect(matrix.values.count <= 32)
            } catch { refused += 1 }
        }
        #expect(refused > 100)
    }
}
