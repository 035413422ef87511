import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Word vector files")
struct WordVectorFilesTests {
    private func sample(seed: UInt64 = 1, count: Int = 50, dimension: Int = 7) throws -> WordVectors {
        var random = SplitMix64(seed: seed)
        let words = (0..<count).map { ["wort", "größe", "日本", "🙂", "e\u{301}", "\u{E9}"][$0 % 6] + "\($0)" }
        // Every kind of finite number, subnormal ones included.
        let values = (0..<count * dimension).map { _ in
            let value = Float(bitPattern: UInt32.random(in: .min ... .max, using: &random))
            return value.isFinite ? value : -0.0
        }
        return try WordVectors(words: words, matrix: VectorMatrix(values, dimension: dimension))
    }

    private func expectEqual(_ first: WordVectors, _ second: WordVectors) {
        #expect(first.words.map { Array($0.utf8) } == second.words.map { Array($0.utf8) })
        #expect(first.dimension == second.dimension)
        #expect(first.matrix.values.map(\.bitPattern) == second.matrix.values.map(\.bitPattern))
    }

    private func read(_ bytes: [UInt8], as name: String) throws -> WordVectors {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            try Data(bytes).write(to: url)
            return try WordVectors(contentsOf: url)
        }
    }

    private func read(_ text: String, as name: String = "a.txt") throws -> WordVectors {
        try read(Array(text.utf8), as: name)
    }

    private func bytes(of vectors: WordVectors, as name: String) throws -> [UInt8] {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            try vectors.write(to: url)
            return Array(try Data(contentsOf: url))
        }
    }

    @Test("Every format keeps every word and every bit", arguments: ["a.bin", "a.vec", "a.txt", "A.BIN"])
    func roundTrip(name: String) throws {
        for (seed, shape) in [(1, 1), (1, 300), (200, 3), (3000, 100)].enumerated() {
            let vectors = try sample(seed: UInt64(seed), count: shape.0, dimension: shape.1)
            try withTemporaryFolder { folder in
                let url = folder.appending(path: name)
                try vectors.write(to: url)
                expectEqual(try WordVectors(contentsOf: url), vectors)
            }
        }
    }

    @Test(
        "Files compressed by gzip are read, with .gz behind their name and without",
        arguments: ["bin", "vec", "txt"]
    )
    func compressed(format: String) throws {
        // Larger than a block, and as a rule of numbers that can't be compressed.
        let vectors = try sample(count: 3000, dimension: 60)
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a.\(format)")
            try vectors.write(to: url)
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["gzip", url.path]
            try process.run()
            process.waitUntilExit()
            let packed = url.appendingPathExtension("gz")
            expectEqual(try WordVectors(contentsOf: packed), vectors)
            try FileManager.default.copyItem(at: packed, to: url)
            expectEqual(try WordVectors(contentsOf: url), vectors)

            let bytes = try Data(contentsOf: packed)
            for broken in [bytes.dropLast(9), bytes + [1], bytes.prefix(5)] {
                try broken.write(to: packed)
                let error = #expect(throws: VectorError.self) { try WordVectors(contentsOf: packed) }
                #expect(error?.code == .invalidFormat)
            }
            for name in ["a.gz", "a.\(format).gz.gz"] {
                let error = #expect(throws: VectorError.self) {
                    try WordVectors(contentsOf: folder.appending(path: name))
                }
                #expect(error?.code == .invalidArgument)
            }
            // Written files are never compressed, so that this name would lie.
            #expect(throws: VectorError.self) { try vectors.write(to: packed) }
        }
    }

    @Test("The Embedding Projector gets numbers and words with tabs between them, and a heading if there are columns")
    func projector() throws {
        let vectors = try WordVectors(
            words: ["a", "ß", "c"],
            matrix: VectorMatrix([1, -2, 0.1, 3, 5, 6], dimension: 2)
        )
        try withTemporaryFolder { folder in
            let (numbers, words) = (folder.appending(path: "vectors.tsv"), folder.appending(path: "metadata.tsv"))
            func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }
            try vectors.writeProjectorFiles(vectors: numbers, metadata: words)
            #expect(try text(numbers) == "1.0\t-2.0\n0.1\t3.0\n5.0\t6.0\n" && text(words) == "a\nß\nc\n")
            try vectors.writeProjectorFiles(
                vectors: numbers,
                metadata: words,
                columns: ["cluster": ["1", "2", "1"], "sort": ["x", "y", "z"]],
                restrict: 2
            )
            #expect(try text(words) == "word\tcluster\tsort\na\t1\tx\nß\t2\ty\n")
            #expect(try text(numbers) == "1.0\t-2.0\n0.1\t3.0\n")
            for columns: KeyValuePairs in [["short": ["1"]], ["tab": ["1", "2\t", "3"]], ["line\n": ["1", "2", "3"]]] {
                let error = #expect(throws: VectorError.self) {
                    try vectors.writeProjectorFiles(vectors: numbers, metadata: words, columns: columns)
                }
                #expect(error?.code == .invalidArgument)
            }
            #expect(throws: VectorError.self) {
                try vectors.writeProjectorFiles(vectors: numbers, metadata: words, restrict: 0)
            }
        }
    }

    @Test("Binary bytes are those of gensim, and word2vec's line feeds are understood")
    func binaryFixture() throws {
        // 1.5 is 00 00 C0 3F, −2 is 00 00 00 C0, 0 is 00 00 00 00, little-endian.
        let (one, two): ([UInt8], [UInt8]) = ([0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0], [0, 0, 0, 0, 0, 0, 0xC0, 0x3F])
        let gensim = Array("2 2\nthe ".utf8) + one + Array("größe ".utf8) + two
        let word2vec = Array("2 2\nthe ".utf8) + one + [0x0A] + Array("größe ".utf8) + two + [0x0A]
        for bytes in [gensim, word2vec] {
            let vectors = try read(bytes, as: "a.bin")
            #expect(vectors.words == ["the", "größe"])
            #expect(vectors.matrix.values == [1.5, -2, 0, 1.5])
            #expect(try self.bytes(of: vectors, as: "b.bin") == gensim)
        }
    }

    @Test("Text with and without its first line, line ends of all kinds, trailing spaces, exponents")
    func textFixtures() throws {
        let lines = ["a 1 -2.5 3e-05", "größe 0.1 1E3 -0", "12 7 8 9"]
        let texts = [
            "3 3\n" + lines.joined(separator: "\n") + "\n",
            "3 3\r\n" + lines.joined(separator: "\r\n"),
            "\u{FEFF}3 3\n" + lines.joined(separator: "\n"),
            "\u{FEFF}" + lines.joined(separator: "\r\n"),
            lines.map { $0 + " \n" }.joined(),
            lines.joined(separator: "\n\n").replacingOccurrences(of: " ", with: "\t"),
        ]
        for text in texts {
            let vectors = try read(text)
            #expect(vectors.words == ["a", "größe", "12"])
            #expect(vectors.matrix.values == [1, -2.5, 3e-05, 0.1, 1000, -0.0, 7, 8, 9])
        }
        let text = String(decoding: try bytes(of: read(texts[0]), as: "a.vec"), as: UTF8.self)
        #expect(text.hasPrefix("3 3\na 1.0 -2.5 3e-05\n"))
    }

    @Test(
        "Numbers are read to the nearest float, as the standard library reads them",
        arguments: 0..<5 as Range<UInt64>
    )
    func numbers(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var texts = [
            "0", "-0", "1", "0.1", "1e-45", "1.17549435e-38", "3.4028234663852886e38", "16777217", "1e22", "1e23",
        ]
        // Halfway between two floats, and the nearest doubles around that.
        texts += ["1.000000059604644775390625", "1.00000005960464477", "1.00000005960464478", "1.0000000596046448"]
        for _ in 0..<2000 {
            let digits = (0..<Int.random(in: 1...20, using: &random)).map { _ in Int.random(in: 0...9, using: &random) }
            var text = digits.map(String.init).joined()
            text.insert(
                ".",
                at: text.index(text.startIndex, offsetBy: Int.random(in: 0...digits.count, using: &random))
            )
            if Bool.random(using: &random) { text = "-" + text }
            if Bool.random(using: &random) { text += "e\(Int.random(in: -45...17, using: &random))" }
            texts.append(text)
        }
        for _ in 0..<2000 {
            let value = Float(bitPattern: UInt32.random(in: .min ... .max, using: &random))
            if value.isFinite { texts.append(value.description) }
        }
        let vectors = try read(texts.enumerated().map { "w\($0.offset) \($0.element) 0\n" }.joined())
        for (row, text) in texts.enumerated() {
            #expect(vectors.matrix[row].first?.bitPattern == Float(text)?.bitPattern, "\(text)")
        }
    }

    @Test("Words cut within a character are repaired")
    func invalidUTF8() throws {
        let vectors = try read(Array("1 1\na".utf8) + [0xC3, 0x20, 0, 0, 0, 0], as: "a.bin")
        #expect(vectors.words == ["a\u{FFFD}"])
    }

    private struct Malformed: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var name: String
        var bytes: [UInt8]
        /// What the message must name.
        var mention: String

        init(_ description: String, _ name: String, _ bytes: [UInt8], mention: String) {
            testDescription = description
            self.name = name
            self.bytes = bytes
            self.mention = mention
        }

        init(_ description: String, _ name: String, _ text: String, mention: String) {
            self.init(description, name, Array(text.utf8), mention: mention)
        }
    }

    private static func utf16(_ text: String, mark: Bool) -> [UInt8] {
        (mark ? [0xFF, 0xFE] : []) + text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }

    private static let malformed: [Malformed] = [
        Malformed("empty binary", "a.bin", "", mention: "a.bin"),
        Malformed("empty text", "a.txt", "", mention: "no words"),
        Malformed("only line feeds", "a.txt", "\n\n\n", mention: "no words"),
        Malformed("no first line", "a.bin", String(repeating: "x", count: 1000), mention: "count and dimension"),
        Malformed("a first line that is no numbers", "a.bin", "many words\n", mention: "count and dimension"),
        Malformed("a negative count", "a.bin", "-1 10\n", mention: "count and dimension"),
        Malformed("a count beyond 64 bits", "a.bin", "99999999999999999999 10\n", mention: "count and dimension"),
        Malformed("no words", "a.bin", "0 10\n", mention: "no words"),
        Malformed("no words in text", "a.txt", "0 10\n", mention: "no words"),
        Malformed("dimension 0", "a.bin", "1 0\na ", mention: "dimension 0"),
        Malformed("dimension 0 in text", "a.txt", "1 0\na\n", mention: "dimension 0"),
        Malformed("a word alone", "a.txt", "word\n", mention: "dimension 0"),
        Malformed("a huge dimension", "a.bin", "0 1000000000\n", mention: "1000000000"),
        Malformed("a huge count", "a.bin", "1000000000000 100\na ", mention: "1000000000000"),
        Malformed("a huge count and dimension", "a.bin", "\(Int.max) \(Int.max)\na ", mention: "\(Int.max)"),
        Malformed("a huge count in text", "a.txt", "1000000000000 100\na 1\n", mention: "1000000000000"),
        Malformed("cut within a vector", "a.bin", "2 1\na 1234b 12", mention: "too many"),
        Malformed("cut within a word", "a.bin", "2 1\naaaaaaaaa 1234b", mention: "ends after 1"),
        Malformed("cut within the last vector", "a.bin", "2 1\naaaaaaaaa 1234bbb 12", mention: "ends after 1"),
        Malformed("bytes behind the end", "a.bin", "1 1\na 1234b", mention: "goes on"),
        Malformed("an empty word", "a.bin", "1 1\n 1234x", mention: "0 bytes"),
        Malformed(
            "a word without end",
            "a.bin",
            "1 1\n" + String(repeating: "x", count: 10_000),
            mention: "longer than 4096"
        ),
        Malformed(
            "a word without end in text",
            "a.txt",
            String(repeating: "x", count: 10_000) + " 1\n",
            mention: "4096"
        ),
        Malformed("NaN", "a.bin", Array("1 1\na ".utf8) + [0, 0, 0xC0, 0x7F], mention: "'a'"),
        Malformed("infinity", "a.bin", Array("1 1\na ".utf8) + [0, 0, 0x80, 0xFF], mention: "-inf"),
        Malformed("NaN in text", "a.txt", "a 1 nan\n", mention: "nan"),
        Malformed("infinity in text", "a.txt", "a 1 inf\n", mention: "inf"),
        Malformed("a number out of range", "a.txt", "a 1 1e39\n", mention: "inf"),
        Malformed("one word twice", "a.bin", "2 1\na 1234a 1234", mention: "word 1 again"),
        Malformed("one word twice in text", "a.txt", "a 1\nb 2\na 3\n", mention: "on line 3"),
        Malformed(
            "two words that are the same when repaired",
            "a.bin",
            Array("2 1\n".utf8) + [0xFF, 0x20, 0, 0, 0, 0, 0xFE, 0x20, 0, 0, 0, 0],
            mention: "word 1 again"
        ),
        Malformed("no number", "a.txt", "a 1 2\nb 3 four\n", mention: "'four' on line 2"),
        Malformed("too few numbers", "a.txt", "a 1 2\nb 3\n", mention: "line 2"),
        Malformed("too many numbers", "a.txt", "a 1 2\nb 3 4 5\n", mention: "line 2"),
        Malformed("too few lines", "a.txt", "3 2\na 1 2\nb 3 4\n", mention: "declares 3 words and holds 2"),
        Malformed("too many lines", "a.txt", "1 2\na 1 2\nb 3 4\n", mention: "declares 1 words and holds 2"),
        Malformed("a line without end", "a.txt", "a " + String(repeating: "1 ", count: 3_000_000), mention: "longer"),
        Malformed("zeros", "a.bin", [UInt8](repeating: 0, count: 1000), mention: "count and dimension"),
        Malformed("zeros as text", "a.txt", [UInt8](repeating: 0, count: 1000), mention: "NUL"),
        Malformed("NUL on a later line", "a.txt", "a 1\nb\0c 2\n", mention: "line 2"),
        Malformed("UTF-16", "a.vec", utf16("2 1\na 1\nb 2\n", mark: true), mention: "UTF-16LE"),
        Malformed("UTF-16 without a mark", "a.vec", utf16("2 1\na 1\n", mark: false), mention: "NUL"),
    ]

    @Test("A lenient reading leaves out what can't be used, keeps the first of equal words, and says what it did")
    func lenient() throws {
        // The first line is word 0; dots are a word of GloVe's; é stands twice, once as Latin-1, repaired.
        let rows = [
            "the 1 2", ". . . 3 4", "the 5 6", "short 7", "nan 8 nan", "text 9 x", " 10 11 ", "\u{FFFD} 12 13",
        ]
        let text = Array(rows.joined(separator: "\n").utf8) + [0x0A, 0xE9] + Array(" 14 15\nlast 16 17".utf8)
        for header in ["", "12 2\n"] {
            var omitted = OmittedRows()
            let vectors = try withTemporaryFolder { folder in
                let url = folder.appending(path: "a.txt")
                try Data(Array(header.utf8) + text).write(to: url)
                #expect(throws: VectorError.self) { try WordVectors(contentsOf: url) }
                return try WordVectors(contentsOf: url, omitted: &omitted)
            }
            #expect(vectors.words == ["the", ". . .", "\u{FFFD}", "last"])
            #expect(vectors.matrix.values == [1, 2, 3, 4, 12, 13, 16, 17])
            #expect(omitted.rows == [2, 3, 4, 5, 6, 8])
            #expect(omitted.counts == [.duplicate: 2, .malformed: 3, .notFinite: 1])
            #expect(omitted.messages.count == 6 && omitted.messages[0].contains("line \(header.isEmpty ? 3 : 4)"))
            #expect(omitted.missing == (header.isEmpty ? 0 : 2))
            #expect(omitted.description.hasPrefix("6 rows are left out: 3 without their numbers"))
        }
        var omitted = OmittedRows()
        let binary = try withTemporaryFolder { folder in
            let url = folder.appending(path: "a.bin")
            try Data(
                Array("5 1\na ".utf8) + [0, 0, 0, 0] + Array("b ".utf8) + [0, 0, 0xC0, 0x7F]
                    + Array("a 1234c 1234d 12".utf8)
            )
            .write(to: url)
            return try WordVectors(contentsOf: url, omitted: &omitted)
        }
        #expect(binary.words == ["a", "c"])
        #expect(omitted.rows == [1, 2] && omitted.counts == [.notFinite: 1, .duplicate: 1] && omitted.missing == 1)
    }

    @Test("A limit stops the reading: what lies behind it is not looked at", arguments: ["a.bin", "a.txt", "b.txt"])
    func limit(name: String) throws {
        let vectors = try sample(count: 30, dimension: 5)
        var bytes = try bytes(of: vectors, as: name)
        if name == "b.txt" { bytes.removeFirst("30 5\n".utf8.count) }
        bytes.replaceSubrange(bytes.count * 2 / 3..<bytes.count, with: Array("\n\n damaged".utf8))
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            try Data(bytes).write(to: url)
            #expect(throws: VectorError.self) { try WordVectors(contentsOf: url) }
            let first = try WordVectors(contentsOf: url, limit: 10)
            #expect(first.words == Array(vectors.words[..<10]) && first.matrix == vectors.matrix[0..<10])
            #expect(throws: VectorError.self) { try WordVectors(contentsOf: url, limit: 0) }
        }
    }

    @Test("A malformed file is refused with a message that says what is wrong", arguments: malformed)
    private func refuses(file: Malformed) {
        let error = #expect(throws: VectorError.self) { try read(file.bytes, as: file.name) }
        #expect(error?.code == .invalidFormat)
        #expect(error?.message.contains(file.mention) == true, "\(error?.message ?? "")")
    }

    @Test("No flipped byte and no cut ends in anything but word vectors or an error", arguments: ["a.bin", "a.txt"])
    func corruption(name: String) throws {
        let vectors = try sample(count: 30, dimension: 5)
        let bytes = try bytes(of: vectors, as: name)
        var random = SplitMix64(seed: 9)
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            for _ in 0..<2000 {
                var broken = bytes
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    broken[Int.random(in: broken.indices, using: &random)] = .random(in: 0...255, using: &random)
                }
                try Data(broken).write(to: url)
                do {
                    let read = try WordVectors(contentsOf: url)
                    #expect(read.matrix.values.allSatisfy(\.isFinite) && read.count == read.matrix.count)
                } catch is VectorError {}
            }
            for length in 0..<bytes.count {
                try Data(bytes[..<length]).write(to: url)
                // Text may be cut where it still makes sense: within the last number, or after it.
                if name == "a.bin" || !bytes[length...].allSatisfy({ $0 != 0x20 }) {
                    #expect(throws: VectorError.self) { try WordVectors(contentsOf: url) }
                }
            }
        }
    }

    @Test("Random bytes are never word vectors", arguments: ["a.bin", "a.txt"])
    func garbage(name: String) throws {
        var random = SplitMix64(seed: 4)
        for length in [1, 10, 1000, 100_000] {
            for _ in 0..<20 {
                let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                #expect(throws: VectorError.self) { try read(bytes, as: name) }
            }
        }
    }

    @Test("Unknown extensions, folders and missing files are refused")
    func refusedFiles() throws {
        let vectors = try sample()
        try withTemporaryFolder { folder in
            for name in ["a", "a.glove", "a.zip.gz", ".bin"] {
                let url = folder.appending(path: name)
                let writing = #expect(throws: VectorError.self) { try vectors.write(to: url) }
                let reading = #expect(throws: VectorError.self) { try WordVectors(contentsOf: url) }
                #expect(writing?.code == .invalidArgument && reading?.code == .invalidArgument)
            }
            // What is compressed is read, but not written.
            let compressed = #expect(throws: VectorError.self) {
                try vectors.write(to: folder.appending(path: "a.bin.gz"))
            }
            #expect(compressed?.code == .invalidArgument)
            let missing = #expect(throws: VectorError.self) {
                try WordVectors(contentsOf: folder.appending(path: "missing.bin"))
            }
            #expect(missing?.code == .inputOutput)
            let subfolder = folder.appending(path: "folder.bin")
            try FileManager.default.createDirectory(at: subfolder, withIntermediateDirectories: true)
            #expect(throws: VectorError.self) { try WordVectors(contentsOf: subfolder) }
            let writing = #expect(throws: VectorError.self) { try vectors.write(to: subfolder) }
            #expect(writing?.code == .inputOutput)
            #expect(throws: VectorError.self) {
                try vectors.write(to: folder.appending(path: "missing/a.bin"))
            }
        }
    }

    @Test("A word with white space can't be written, and leaves the old file as it was")
    func whiteSpace() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a.txt")
            try Data("old".utf8).write(to: url)
            for word in ["new york", "a\tb", "a\n", "\u{0B}"] {
                let vectors = try WordVectors(words: [word], matrix: VectorMatrix([1], dimension: 1))
                let error = #expect(throws: VectorError.self) { try vectors.write(to: url) }
                #expect(error?.code == .invalidArgument)
            }
            #expect(try Data(contentsOf: url) == Data("old".utf8))
        }
    }

    #if os(Linux)
    @Test("A full disk gives an error")
    func fullDisk() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "full.bin")
            try FileManager.default.createSymbolicLink(at: url, withDestinationURL: URL(filePath: "/dev/full"))
            let error = #expect(throws: VectorError.self) {
                try sample(count: 500, dimension: 100).write(to: url)
            }
            #expect(error?.code == .inputOutput)
        }
    }
    #endif
}
