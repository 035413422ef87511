import Foundation
import SentenceEmbeddings
import TestSupport
import Testing
import Vectors

/// A damaged file gives a typed error or a tokenizer that works; never a crash.
@Suite("Damaged tokenizers")
struct TokenizerDamageTests {
    private static let texts = [
        "", "A small boat crosses the calm lake.", "\u{E9}\u{1112}\u{1161} [MASK] \u{1F600}\r\n  x1",
    ]

    /// Reads a folder and uses what comes of it; whether that was a tokenizer.
    @discardableResult
    private func attempt(_ files: [String: Data], in folder: URL) throws -> Bool {
        for (name, data) in files { try data.write(to: folder.appending(path: name)) }
        do {
            let tokenizer = try SubwordTokenizer(contentsOf: folder)
            for text in Self.texts {
                let found = tokenizer.encode(text, and: text, maximumTokens: 9)
                #expect(found.ids.count == found.typeIDs.count)
                #expect(tokenizer.encode(text).ids.allSatisfy { $0 >= 0 })
            }
            return true
        } catch {
            #expect(!error.message.isEmpty)
            return false
        }
    }

    private func expectRefusal(_ files: [String: Data], in folder: URL) throws {
        let works = try attempt(files, in: folder)
        #expect(!works)
    }

    private func expectTokenizer(_ files: [String: Data], in folder: URL) throws {
        let works = try attempt(files, in: folder)
        #expect(works)
    }

    private func bytes(_ kind: String) throws -> Data {
        try Data(contentsOf: TokenizerFixtures.folder(of: kind).appending(path: "tokenizer.json"))
    }

    @Test("Flipped bytes and cut files", arguments: TokenizerFixtures.kinds)
    func flips(kind: String) throws {
        let original = try bytes(kind)
        var generator = SplitMix64(seed: 5)
        try withTemporaryFolder { folder in
            // Every byte of the head, where the components are, and a sample of the rest.
            let places =
                Array(0..<min(600, original.count))
                + (0..<300).map { _ in
                    Int.random(in: 0..<original.count, using: &generator)
                }
            for place in places {
                var damaged = original
                damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                try attempt(["tokenizer.json": damaged], in: folder)
            }
            for _ in 0..<40 {
                let length = Int.random(in: 0..<original.count - 1, using: &generator)
                try expectRefusal(["tokenizer.json": original.prefix(length)], in: folder)
            }
        }
    }

    @Test("Digits and words in the places of others", arguments: TokenizerFixtures.kinds)
    func values(kind: String) throws {
        let original = String(decoding: try bytes(kind), as: UTF8.self)
        let replacements = ["null", "-1", "1e300", "1152921504606846976", "\"x\"", "[]", "{}", "true"]
        try withTemporaryFolder { folder in
            for match in original.matches(of: /"[a-z_]+":/).prefix(40) {
                let head = original[..<match.range.upperBound]
                // Up to the next comma: a value, or the start of one.
                let rest = original[match.range.upperBound...]
                let end = rest.firstIndex { ",}]".contains($0) } ?? rest.endIndex
                for replacement in replacements {
                    try attempt(["tokenizer.json": Data((head + replacement + rest[end...]).utf8)], in: folder)
                }
            }
        }
    }

    private static func wordPiece(vocabulary: String, added: String = "[]") -> String {
        #"{"added_tokens": \#(added), "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": \#(vocabulary)}}"#
    }

    private static func pairs(_ vocabulary: String, _ merges: String, _ rest: String = "") -> String {
        #"{"model": {"type": "BPE", "vocab": \#(vocabulary), "merges": \#(merges)\#(rest)}}"#
    }

    @Test(
        "What can't be is refused",
        arguments: [
            "[]", "{}", #"{"model": null}"#, #"{"model": {"type": "WordLevel", "vocab": {}}}"#,
            wordPiece(vocabulary: "{}"), wordPiece(vocabulary: "[]"), wordPiece(vocabulary: #"{"[UNK]": -1}"#),
            wordPiece(vocabulary: #"{"[UNK]": 1152921504606846976}"#), wordPiece(vocabulary: #"{"[UNK]": 2147483647}"#),
            wordPiece(vocabulary: #"{"[UNK]": 0.5}"#), wordPiece(vocabulary: #"{"[UNK]": "0"}"#),
            wordPiece(vocabulary: #"{"[UNK]": 0}"#, added: #"[{"content": "x", "id": 7}]"#),
            wordPiece(vocabulary: #"{"[UNK]": 0}"#, added: #"[{"content": "[UNK]", "id": 1}]"#),
            wordPiece(vocabulary: #"{"[UNK]": 0}"#, added: #"[{"id": 1}]"#),
            wordPiece(vocabulary: #"{"[UNK]": 0}"#, added: "{}"),
            pairs(#"{"a": 0, "b": 1, "ab": 2}"#, #"["a c"]"#), pairs(#"{"a": 0, "b": 1}"#, #"["a b"]"#),
            pairs(#"{"a": 0}"#, #"["a"]"#), pairs(#"{"a": 0}"#, #"["a b c"]"#), pairs(#"{"a": 0}"#, #"[["a"]]"#),
            pairs(#"{"a": 0}"#, #"[["a", "b", "c"]]"#), pairs(#"{"a": 0}"#, "[1]"), pairs(#"{"a": 0}"#, "{}"),
            pairs(#"{"a": 0}"#, "[]", #", "unk_token": "u""#), pairs(#"{"a": 0}"#, "[]", #", "dropout": 0.1"#),
            pairs(#"{"a": 0, "b": 1, "ab": 2}"#, #"["a b"]"#, #", "continuing_subword_prefix": "xx""#),
            #"{"model": {"type": "Unigram", "unk_id": 1, "vocab": [["a", -1.0]]}}"#,
            #"{"model": {"type": "Unigram", "unk_id": null, "vocab": [["a", -1.0]]}}"#,
            #"{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", 1e999]]}}"#,
            #"{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a"]]}}"#,
        ]
    )
    func impossible(text: String) throws {
        try withTemporaryFolder { folder in
            try expectRefusal(["tokenizer.json": Data(text.utf8)], in: folder)
        }
    }

    @Test("Gaps, equal ids and equal keys of a vocabulary do no harm")
    func gaps() throws {
        let vocabulary = ###"{"[UNK]": 5, "a": 9, "b": 9, "##c": 2147483646, "a": 3, "": 4}"###
        try withTokenizer(["tokenizer.json": Self.wordPiece(vocabulary: vocabulary)]) { tokenizer in
            #expect(tokenizer.pieceIDs(of: "ac") == [3, 2_147_483_646])
            #expect(tokenizer.pieceIDs(of: "bc") == [9, 2_147_483_646])
            #expect(tokenizer.pieceIDs(of: "d") == [5])
            #expect(tokenizer.largestID == 2_147_483_646 && tokenizer.vocabularySize == 5)
            #expect(tokenizer.token(of: 4) == "" && tokenizer.token(of: 7) == nil)
        }
    }

    @Test("A map of characters with any contents")
    func charactersMaps() throws {
        var generator = SplitMix64(seed: 6)
        try withTemporaryFolder { folder in
            for count in 0..<400 {
                // A size that fits, then units that lead anywhere.
                let units = count % 16 + 1
                var map = withUnsafeBytes(of: UInt32(4 * units).littleEndian) { Data($0) }
                for _ in 0..<units {
                    withUnsafeBytes(of: UInt32.random(in: 0...(.max), using: &generator)) { map += $0 }
                }
                map += Data("abc\0\u{E9}\0".utf8)
                if count % 7 == 0 { map = map.prefix(Int.random(in: 0..<map.count, using: &generator)) }
                let text =
                    #"{"normalizer": {"type": "Precompiled", "precompiled_charsmap": "\#(map.base64EncodedString())"}, "#
                    + #""model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.0], ["\u00e9", -2.0]]}}"#
                try attempt(["tokenizer.json": Data(text.utf8)], in: folder)
            }
        }
    }

    @Test(
        "What isn't supported is refused by its name",
        arguments: [
            (#""normalizer": {"type": "Foo"}"#, "normalizer 'Foo'"),
            (#""normalizer": {"type": "Replace", "pattern": {"Regex": "[a-z]+"}, "content": ""}"#, "'[a-z]+'"),
            (#""pre_tokenizer": {"type": "UnicodeScripts"}"#, "pre-tokenizer 'UnicodeScripts'"),
            (#""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\d"}, "behavior": "Isolated"}"#, "'\\d'"),
            (#""post_processor": {"type": "Bar"}"#, "post-processor 'Bar'"),
            (#""model": {"type": "WordLevel"}"#, "model 'WordLevel'"),
        ]
    )
    func unsupported(part: String, name: String) throws {
        let model = #""model": {"type": "WordPiece", "vocab": {}}"#
        let text = part.contains("\"model\"") ? "{\(part)}" : "{\(part), \(model)}"
        try withTemporaryFolder { folder in
            try Data(text.utf8).write(to: folder.appending(path: "tokenizer.json"))
            let error = #expect(throws: VectorError.self) { try SubwordTokenizer(contentsOf: folder) }
            #expect(error?.code == .invalidFormat && error?.message.contains(name) == true, "\(error?.message ?? "")")
        }
    }

    @Test("Missing files and others' settings")
    func folders() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: VectorError.self) { try SubwordTokenizer(contentsOf: folder) }
            #expect(error?.code == .inputOutput)
            try expectRefusal(["vocab.txt": Data("[UNK]\n[CLS]\n".utf8)], in: folder)
            try expectRefusal(["vocab.txt": Data([0xFF, 0x0A])], in: folder)
            let vocabulary = Data("[UNK]\n[CLS]\n[SEP]\na\n".utf8)
            try expectTokenizer(["vocab.txt": vocabulary], in: folder)
            try expectRefusal(["tokenizer_config.json": Data("[]".utf8)], in: folder)
            try expectRefusal(["tokenizer_config.json": Data(#"{"do_lower_case": 1}"#.utf8)], in: folder)
            try expectTokenizer(["tokenizer_config.json": Data(#"{"do_lower_case": false}"#.utf8)], in: folder)
        }
    }
}
