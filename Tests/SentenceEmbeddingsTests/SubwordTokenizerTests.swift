import Foundation
import SentenceEmbeddings
import TestSupport
import Testing
import Vectors

@Suite("Tokenizers")
struct SubwordTokenizerTests {
    @Test("Odd texts get the ids that Python's tokenizers gives", arguments: TokenizerFixtures.kinds)
    func ids(kind: String) throws {
        let fixtures = try TokenizerFixtures()
        let tokenizer = try TokenizerFixtures.tokenizer(kind)
        let expected = try fixtures.ids(kind)
        try #require(expected.count == fixtures.texts.count)
        for (text, ids) in zip(fixtures.texts, expected) {
            let found = tokenizer.encode(text)
            #expect(found.ids == ids, "\(text.unicodeScalars.map { String($0.value, radix: 16) })")
            #expect(found.truncatedCount == 0 && found.typeIDs.count == ids.count)
            #expect(tokenizer.count(text) == ids.count)
        }
    }

    @Test("Pairs are cut as Python's tokenizers cuts them", arguments: TokenizerFixtures.kinds)
    func pairs(kind: String) throws {
        let tokenizer = try TokenizerFixtures.tokenizer(kind)
        let pairs = try TokenizerFixtures().pairs(kind)
        try #require(pairs.count == 60)
        for pair in pairs {
            let found = tokenizer.encode(pair.first, and: pair.second, maximumTokens: pair.maximum)
            #expect(found.ids == pair.ids && found.typeIDs == pair.types)
            let whole = tokenizer.count(pair.first, and: pair.second)
            #expect(found.truncatedCount == whole - pair.ids.count)
        }
    }

    @Test("Special tokens stay when there is no room for them")
    func noRoom() throws {
        let tokenizer = try TokenizerFixtures.tokenizer("bert-uncased")
        let special = tokenizer.specialTokens
        let (start, end) = (try #require(special.classification), try #require(special.separator))
        let count = tokenizer.pieceIDs(of: "one two").count
        for maximum in [Int.min, -1, 0, 1, 2] {
            let found = tokenizer.encode("one two", maximumTokens: maximum)
            #expect(found.ids == [start, end] && found.truncatedCount == count)
        }
        #expect(tokenizer.encode("one two", maximumTokens: .max).truncatedCount == 0)
    }

    @Test("Pieces and ids lead to each other, byte by byte")
    func vocabulary() throws {
        let tokenizer = try TokenizerFixtures.tokenizer("bert-cased")
        #expect(tokenizer.specialTokens.padding == tokenizer.id(of: "[PAD]"))
        #expect(tokenizer.specialTokens.unknown == tokenizer.id(of: "[UNK]"))
        #expect(tokenizer.specialTokens.mask == tokenizer.id(of: "[MASK]"))
        for id in 0...tokenizer.largestID {
            let token = try #require(tokenizer.token(of: id))
            #expect(tokenizer.id(of: token) == id)
        }
        #expect(tokenizer.vocabularySize == Int(tokenizer.largestID) + 1)
        #expect(tokenizer.token(of: -1) == nil && tokenizer.token(of: .max) == nil && tokenizer.id(of: "") == nil)
        let roberta = try TokenizerFixtures.tokenizer("roberta").specialTokens
        #expect(roberta.classification == 0 && roberta.padding == 1 && roberta.separator == 2)
    }

    @Test("Canonically equivalent pieces are pieces of their own")
    func equivalentPieces() throws {
        let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n\u{E9}\ne\u{301}\n"
        let settings = #"{"do_lower_case": false, "strip_accents": false}"#
        try withTokenizer(["vocab.txt": vocabulary, "tokenizer_config.json": settings]) { tokenizer in
            #expect(tokenizer.pieceIDs(of: "\u{E9} e\u{301}") == [5, 6])
            #expect(tokenizer.vocabularySize == 7)
        }
    }

    @Test(
        "vocab.txt with its settings is the same tokenizer as tokenizer.json",
        arguments: ["bert-cased", "bert-uncased"]
    )
    func vocabularyFile(kind: String) throws {
        let fixtures = try TokenizerFixtures()
        let original = try TokenizerFixtures.tokenizer(kind)
        let pieces = (0...original.largestID).map { original.token(of: $0) ?? "" }
        let settings = #"{"do_lower_case": \#(kind == "bert-uncased"), "cls_token": {"content": "[CLS]"}}"#
        for lineEnd in ["\n", "\r\n"] {
            let file = pieces.joined(separator: lineEnd)
            try withTokenizer(["vocab.txt": file, "tokenizer_config.json": settings]) { tokenizer in
                for (text, ids) in zip(fixtures.texts, try fixtures.ids(kind)) {
                    #expect(tokenizer.encode(text).ids == ids)
                }
                #expect(tokenizer.specialTokens == original.specialTokens)
            }
        }
    }

    @Test(
        "Of ways with equal scores the one is taken that the library's rounding prefers",
        arguments: [
            (["-10.871717454241955", "-10.169366278216945", "-11.698373999519253"], [1, 2, 3]),
            (["-10.721940636178863", "-12.866583280119306", "-11.569508519391402"], [1, 3, 2]),
            (["-13.449916613492595", "-11.930039269942272", "-12.232060374477387"], [1, 3, 2]),
        ] as [([String], [Int32])]
    )
    func ties(scores: [String], ids: [Int32]) throws {
        let pieces = zip(["x", "a", "aa"], scores).map { #"["\#($0)", \#($1)]"# }.joined(separator: ", ")
        let file = #"{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], \#(pieces)]}}"#
        try withTokenizer(["tokenizer.json": file]) { tokenizer in #expect(tokenizer.pieceIDs(of: "xaaa") == ids) }
    }

    @Test("Sections on padding and truncation are ignored")
    func ignoredSections() throws {
        let file = TokenizerFixtures.folder(of: "bert-uncased").appending(path: "tokenizer.json")
        let text = try String(contentsOf: file, encoding: .utf8)
            .replacing(
                #""truncation":null,"padding":null"#,
                with: #""truncation":{"max_length":3,"strategy":"LongestFirst","stride":0,"direction":"Right"},"#
                    + #""padding":{"strategy":{"Fixed":128},"pad_id":0}"#
            )
        #expect(text.contains("max_length"))
        let original = try TokenizerFixtures.tokenizer("bert-uncased").encode("one two three four five").ids
        try withTokenizer(["tokenizer.json": text]) { tokenizer in
            #expect(tokenizer.encode("one two three four five").ids == original)
        }
    }

    @Test("Every scalar has ids", arguments: TokenizerFixtures.kinds)
    func everyScalar(kind: String) throws {
        let tokenizer = try TokenizerFixtures.tokenizer(kind)
        let largest = tokenizer.largestID
        // In groups: each alone among what it may join.
        var text = ""
        var count = 0
        for scalar in (UInt32(0)..<0x11_0000).lazy.compactMap(UnicodeScalar.init) {
            text.unicodeScalars.append("a")
            text.unicodeScalars.append(scalar)
            text.unicodeScalars.append("\u{301}")
            count += 1
            if count % 64 == 0 {
                #expect(tokenizer.encode(text).ids.allSatisfy { 0...largest ~= $0 })
                text = ""
            }
        }
    }

    @Test("A word without end takes linear time", arguments: TokenizerFixtures.kinds)
    func longWords(kind: String) throws {
        let tokenizer = try TokenizerFixtures.tokenizer(kind)
        for unit in [
            "a", "ab", "e\u{301}", "\u{301}\u{316}", " ", "\n", "1", "'", "\u{1F600}", "\u{1112}\u{1161}", "[MASK]",
            "\u{2581}",
        ] {
            let text = String(repeating: unit, count: (1 << 18) / unit.utf8.count)
            let start = ContinuousClock.now
            let ids = tokenizer.encode(text, maximumTokens: 512).ids
            #expect(ids.count <= 512)
            // Quadratic work would take hours.
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }
}

/// Calls `body` with the tokenizer that a folder of these files holds.
func withTokenizer(_ files: [String: String], _ body: (SubwordTokenizer) throws -> Void) throws {
    try withTemporaryFolder { folder in
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        try body(SubwordTokenizer(contentsOf: folder))
    }
}
