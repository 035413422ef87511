import Foundation
import TestSupport
import Testing
import VectorStorage
import Vectors

/// Rows with texts of few words, so that many rows share them, and what BM25 says of them: written down from the formula,
/// without an index.
private struct TextModel {
    var texts: [VectorKey: (text: String, order: Int)] = [:]
    private var nextOrder = 0

    mutating func put(_ key: VectorKey, _ text: String) {
        texts[key] = (text, nextOrder)
        nextOrder += 1
    }

    /// Rows with any of the words, best first.
    func search(_ query: String) -> [(key: VectorKey, score: Double)] {
        func words(_ text: String) -> [Substring] { text.split(separator: " ") }
        let rows = texts.mapValues { words($0.text) }.filter { !$0.value.isEmpty }
        let mean = Double(rows.values.reduce(0) { $0 + $1.count }) / Double(rows.count)
        var scores: [VectorKey: Double] = [:]
        for word in Set(words(query)) {
            let having = rows.filter { $0.value.contains(word) }
            let ratio = (Double(rows.count - having.count) + 0.5) / (Double(having.count) + 0.5)
            let weight = ratio > 1 ? log(ratio) : 1e-6
            for (key, words) in having {
                let count = Double(words.count { $0 == word })
                let length = Double(words.count) / mean
                scores[key, default: 0] += weight * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length))
            }
        }
        return scores.map { ($0.key, $0.value) }.sorted { ($1.score, order($0.key)) < ($0.score, order($1.key)) }
    }

    private func order(_ key: VectorKey) -> Int { texts[key]?.order ?? 0 }
}

@Suite("Rows found by their words")
struct FullTextTests {
    private static let vocabulary = [
        "ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibex", "jay", "kid", "lion",
    ]

    private func text(_ random: inout SplitMix64) -> String {
        (0..<Int.random(in: 0...9, using: &random))
            // Squared, so that some words are frequent and some rare.
            .map { _ in
                let place = Double.random(in: 0..<1, using: &random)
                return Self.vocabulary[Int(place * place * Double(Self.vocabulary.count))]
            }
            .joined(separator: " ")
    }

    private func row(_ key: VectorKey, _ text: String, _ fields: VectorMetadata = [:]) -> StoredVector {
        StoredVector(key: key, vector: [1, 2], metadata: fields.merging(["text": .string(text)]) { $1 })
    }

    private func withCollection(
        _ fullText: FullTextIndex? = FullTextIndex(),
        _ body: (VectorStore, VectorCollection) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            try await body(
                store,
                try await store.createCollection("a", dimension: 2, metric: .squaredL2, fullText: fullText)
            )
            try await store.close()
        }
    }

    private func keys(_ text: String, in collection: VectorCollection) async throws -> Set<VectorKey> {
        Set(try await collection.search(text: text, k: 100).matches.map(\.key))
    }

    @Test("Scores and order are BM25's, whatever was written, replaced, changed and deleted before", arguments: 1...6)
    func scores(seed: UInt64) async throws {
        try await withCollection { store, collection in
            var random = SplitMix64(seed: seed)
            var model = TextModel()
            for _ in 0..<30 {
                var rows: [StoredVector] = []
                for _ in 0..<Int.random(in: 1...40, using: &random) {
                    let key = VectorKey(Int.random(in: 0..<200, using: &random))
                    guard !rows.contains(where: { $0.key == key }) else { continue }
                    let text = text(&random)
                    model.put(key, text)
                    rows.append(row(key, text, ["even": .bool(Int(key.text).map { $0 % 2 == 0 } ?? false)]))
                }
                try await collection.upsert(rows)
                let gone = VectorKey(Int.random(in: 0..<200, using: &random))
                model.texts[gone] = nil
                try await collection.delete([gone])
                if let changed = model.texts.keys.sorted(by: { $0.text < $1.text }).first {
                    let text = text(&random)
                    model.put(changed, text)
                    try await collection.update(changed, metadata: ["text": .string(text)])
                }
                let query = text(&random)
                let found = try await collection.search(text: query, k: 1000)
                let expected = model.search(query)
                #expect(found.wordMatchCount == expected.count && found.vectorDiagnostics == nil)
                let scores = Dictionary(uniqueKeysWithValues: expected.map { ($0.key, $0.score) })
                #expect(Set(found.matches.map(\.key)) == Set(scores.keys))
                // Row by row, so that equally good ones may be rounded apart.
                for (match, row) in zip(found.matches, expected) {
                    for score in [scores[match.key] ?? 0, row.score] {
                        #expect(abs(Double(match.byWords?.score ?? 0) - score) < 1e-5 * max(1, score))
                    }
                    #expect(match.byVector == nil && match.text == model.texts[match.key]?.text)
                }
                let even = try await collection.search(text: query, k: 3, where: .equals("even", true)).matches
                let expectedEven = expected.filter { Int($0.key.text)! % 2 == 0 }.prefix(3)
                #expect(even.count == expectedEven.count)
                for (match, row) in zip(even, expectedEven) {
                    #expect(Int(match.key.text)! % 2 == 0)
                    #expect(abs(Double(match.byWords?.score ?? 0) - row.score) < 1e-5 * max(1, row.score))
                }
            }
            #expect(try await store.verify() == [])
        }
    }

    @Test("Both sides' ranks are fused by their weights", arguments: [(1.0, 1.0), (3, 0.5), (0, 2), (0.1, 0)])
    func fusion(vectorWeight: Double, textWeight: Double) async throws {
        try await withCollection { _, collection in
            var random = SplitMix64(seed: 9)
            let rows = (0..<400).map { number in
                StoredVector(
                    key: VectorKey(number),
                    vector: [Float.random(in: 0..<1, using: &random), Float.random(in: 0..<1, using: &random)],
                    metadata: ["text": .string(text(&random))]
                )
            }
            try await collection.upsert(rows)
            let options = HybridOptions(
                vectorWeight: vectorWeight,
                textWeight: textWeight,
                rankConstant: 10,
                candidates: 50
            )
            let query: [Float] = [0.3, 0.6]
            let found = try await collection.search(query, text: "lion ant jay", k: 20, options: options)
            let nearest = try await collection.search(query, k: 50).matches
            let worded = try await collection.search(text: "lion ant jay", k: 50).matches
            var scores: [VectorKey: Double] = [:]
            if vectorWeight > 0 {
                for (rank, match) in nearest.enumerated() {
                    scores[match.key, default: 0] += vectorWeight / Double(11 + rank)
                }
            }
            if textWeight > 0 {
                for (rank, match) in worded.enumerated() {
                    scores[match.key, default: 0] += textWeight / Double(11 + rank)
                }
            }
            let expected = scores.sorted { ($1.value, Int($0.key.text)!) < ($0.value, Int($1.key.text)!) }.prefix(20)
            #expect(found.matches.map(\.key) == expected.map(\.key))
            for (match, row) in zip(found.matches, expected) {
                #expect(abs(match.score - row.value) < 1e-12)
                let byVector = nearest.firstIndex { $0.key == match.key }
                #expect(match.byVector?.rank == (vectorWeight > 0 ? byVector.map { $0 + 1 } : nil))
                if let byVector, vectorWeight > 0 { #expect(match.byVector?.score == nearest[byVector].score) }
                let byWords = worded.firstIndex { $0.key == match.key }
                #expect(match.byWords?.rank == (textWeight > 0 ? byWords.map { $0 + 1 } : nil))
            }
            #expect((found.vectorDiagnostics != nil) == (vectorWeight > 0))
        }
    }

    @Test("Whatever a user types is a query, never FTS5's syntax")
    func oddQueries() async throws {
        for tokenizer in FullTextIndex.Tokenizer.allCases {
            try await withCollection(FullTextIndex(tokenizer: tokenizer)) { _, collection in
                try await collection.upsert([
                    row("a", "a quoted \"word\" AND a (bracket) NEAR col:umn * ^ -minus + plus")
                ])
                let queries = [
                    "", " ", "\"", "\"\"", "'", "word\"", "AND", "OR NOT", "NEAR(word plus, 2)", "(", ")))",
                    "text:word",
                    "field_0 : word", "{a b}:", "wo*", "^a", "-", "+", "*", "\\", "\0", "wo\0rd", "word\0", "%_", ";--",
                    "🧭",
                    "a\u{0301}", "\u{fffd}", "{", "NEAR", "word AND", "\"word AND\" OR \"",
                    String(repeating: "word ", count: 100_000), String(repeating: "x", count: 100_000),
                    (0..<20_000).map { "w\($0)" }.joined(separator: " "),
                ]
                for query in queries { _ = try await collection.search(text: query, k: 3) }
                #expect(try await keys("\"word\"", in: collection) == ["a"])
                #expect(try await keys("NEAR", in: collection) == ["a"])
                #expect(try await keys("nothing", in: collection) == [])
            }
        }
    }

    @Test("Words of languages with spaces are found without case and diacritics; English ones by their stems")
    func words() async throws {
        let texts = [
            "Zürich liegt am See", "The boats were sailing", "Le café est fermé", "ΑΘΗΝΑ", "Hà Nội là thủ đô", "СТОИТ",
        ]
        try await withCollection { _, collection in
            try await collection.upsert(texts.enumerated().map { row(VectorKey($0), $1) })
            for (query, number) in [
                ("zurich", 0), ("BOATS", 1), ("Cafe\u{0301}", 2), ("αθηνα", 3), ("noi", 4), ("стоит", 5),
            ] {
                #expect(try await keys(query, in: collection) == [VectorKey(number)], "\(query)")
            }
            #expect(try await keys("boat", in: collection) == [])
            try await collection.setFullTextIndex(FullTextIndex(tokenizer: .english))
            #expect(try await keys("boat sail", in: collection) == ["1"])
            #expect(try await keys("cafe", in: collection) == ["2"])
        }
    }

    @Test("Texts of languages without spaces are found by three characters")
    func trigrams() async throws {
        try await withCollection(FullTextIndex(tokenizer: .trigrams)) { _, collection in
            try await collection.upsert([row("tokyo", "東京都庁は新宿区にある。"), row("kyoto", "京都市は古都である。"), row("x", "ABCdef")])
            #expect(try await keys("東京都", in: collection) == ["tokyo"])
            #expect(try await keys("京都市", in: collection) == ["kyoto"])
            #expect(try await keys("である", in: collection) == ["kyoto"])
            #expect(try await keys("bCdE", in: collection) == ["x"])
            #expect(try await keys("京都", in: collection) == [])
            let found = try await collection.search(text: "新宿区に", k: 1, options: HybridOptions(highlights: true))
            #expect(found.matches.first?.highlighted("text", "<", ">") == "東京都庁は<新宿区に>ある。")
        }
    }

    @Test("Highlights are the words of the query as they are written, in every indexed field")
    func highlights() async throws {
        let index = FullTextIndex(fields: ["title", "text", "tags"], tokenizer: .english)
        try await withCollection(index) { _, collection in
            let text = "\u{1F6A2} The Boats, the boat\u{0301}: sailing & e\u{0301}te\u{0301}."
            try await collection.upsert([
                row("a", text, ["title": "Boating", "tags": ["boat", "sea"], "other": "boat"]), row("b", "a car"),
            ])
            let found = try await collection.search(text: "été boat", k: 5, options: HybridOptions(highlights: true))
                .matches
            #expect(found.map(\.key) == ["a"])
            #expect(
                found[0].highlighted("text", "[", "]")
                    == text.replacing("Boats", with: "[Boats]")
                    .replacing("boat\u{0301}", with: "[boat\u{0301}]").replacing(
                        "e\u{0301}te\u{0301}",
                        with: "[e\u{0301}te\u{0301}]"
                    )
            )
            #expect(found[0].highlighted("title", "[", "]") == "[Boating]")
            #expect(found[0].highlighted("other", "[", "]") == "boat" && found[0].highlighted("tags", "[", "]") == nil)
            #expect(Set(found[0].highlights.keys) == ["title", "text"])
            let plain = try await collection.search(text: "boat", k: 5).matches
            #expect(plain[0].highlights.isEmpty && plain[0].highlighted("text", "[", "]") == text)
        }
    }

    @Test("Only the chosen fields' strings count, and lists of them")
    func fields() async throws {
        try await withCollection(FullTextIndex(fields: ["title", "tags"])) { store, collection in
            try await collection.upsert([
                row("a", "lion", ["title": "a cat", "tags": ["big dog", "small"]]),
                row("b", "cat", ["title": 7, "tags": "dog"]), row("c", "cat"), row("d", "", ["title": "nul\0dog"]),
            ])
            #expect(try await keys("cat", in: collection) == ["a"])
            #expect(try await keys("dog", in: collection) == ["a", "b", "d"])
            #expect(try await keys("lion 7", in: collection) == [])
            try await collection.delete(["a", "d"])
            #expect(try await keys("cat dog", in: collection) == ["b"])
            #expect(try await store.verify() == [])
        }
    }

    @Test("An index is made, changed, kept over a restart, copied by a snapshot, and ended")
    func lifetime() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            var store = try await VectorStore.open(url)
            var collection = try await store.createCollection("a", dimension: 2, metric: .squaredL2)
            try await collection.upsert([row("1", "ant", ["title": "bee"]), row("2", "bee")])
            #expect(collection.fullTextIndex == nil)
            await expectFailure(.invalidArgument, naming: "'a'", "full-text") {
                try await collection.search([1, 2], text: "ant", k: 1)
            }
            // Without words there is nothing to miss.
            let only = HybridOptions(textWeight: 0)
            #expect(try await collection.search([1, 2], text: "ant", k: 1, options: only).matches.map(\.key) == ["1"])
            try await store.close()

            store = try await VectorStore.open(url)
            collection = try await store.collection("a")
            let reader = try await VectorStore.open(url, options: StoreOptions(access: .readOnly))
            let read = try await reader.collection("a")
            try await collection.setFullTextIndex(FullTextIndex())
            #expect(try await keys("bee", in: collection) == ["2"])
            #expect(try await keys("bee", in: read) == ["2"] && read.fullTextIndex == FullTextIndex())
            try await collection.upsert([row("3", "bee")])
            #expect(try await keys("bee", in: read) == ["2", "3"])
            try await collection.setFullTextIndex(FullTextIndex(fields: ["title"]))
            #expect(try await keys("bee", in: read) == ["1"])
            #expect(try await reader.verify() == [])
            await expectFailure(.readOnly) { try await read.setFullTextIndex(nil) }
            try await reader.close()
            let copy = folder.appending(path: "copy")
            try await store.snapshot(to: copy)
            try await store.compact()
            try await store.close()

            for url in [url, copy] {
                let store = try await VectorStore.open(url)
                let collection = try await store.collection("a")
                #expect(collection.fullTextIndex == FullTextIndex(fields: ["title"]))
                #expect(try await keys("bee", in: collection) == ["1"])
                #expect(try await store.verify() == [])
                try await collection.upsert([row("1", "ant")])
                #expect(try await keys("bee", in: collection) == [])
                try await collection.setFullTextIndex(nil)
                await expectFailure(.invalidArgument) { try await collection.search(text: "bee", k: 1) }
                try await collection.upsert([row("1", "bee")])
                try await store.deleteCollection("a")
                #expect(try await store.verify() == [])
                try await store.close()
            }
        }
    }

    @Test("What is not within the limits is refused with its value")
    func limits() async throws {
        try await withCollection { store, collection in
            for (index, parts) in [
                (FullTextIndex(fields: []), ["0", "1...32"]),
                (FullTextIndex(fields: (0..<33).map(String.init)), ["33"]),
                (FullTextIndex(fields: ["a", "a"]), ["twice"]), (FullTextIndex(fields: [""]), ["0"]),
                (FullTextIndex(fields: [String(repeating: "x", count: 256)]), ["256"]),
            ] {
                await expectFailure(.invalidArgument, naming: parts[0], parts.last ?? "") {
                    try await collection.setFullTextIndex(index)
                }
                await expectFailure(.invalidArgument, naming: parts[0]) {
                    try await store.createCollection("b", dimension: 2, fullText: index)
                }
            }
            for (options, part) in [
                (HybridOptions(vectorWeight: -1), "-1.0"), (HybridOptions(textWeight: .nan), "nan"),
                (HybridOptions(rankConstant: .infinity), "inf"), (HybridOptions(candidates: 0), "0"),
                (HybridOptions(vectorWeight: 0, textWeight: 0), "both 0"),
                (HybridOptions(vectors: QueryOptions(probes: 0)), "probes 0"),
            ] {
                await expectFailure(.invalidArgument, naming: part) {
                    try await collection.search([1, 2], text: "a", k: 1, options: options)
                }
            }
            await expectFailure(.invalidArgument, naming: "k 0") { try await collection.search(text: "a", k: 0) }
            await expectFailure(.dimensionMismatch) { try await collection.search([1], text: "a", k: 1) }
            await expectFailure(.notFinite) { try await collection.search([1, .nan], text: "a", k: 1) }
            let found = try await collection.search([1, 2], text: "a", k: .max)
            #expect(found.matches.isEmpty)
        }
    }

    @Test("A word that was altered in the file is found by the check, and made anew")
    func damage() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            var store = try await VectorStore.open(url)
            // Upper case in the row, lower case in the index alone.
            let collection = try await store.createCollection(
                "a",
                dimension: 2,
                metric: .squaredL2,
                fullText: FullTextIndex()
            )
            try await collection.upsert([row("1", "QUIXOTIC"), row("2", "bee")])
            try await store.close()
            let file = url.appending(path: "store.sqlite")
            var bytes = try Data(contentsOf: file)
            // A word may be written without what it shares with the one before.
            let place = try #require(bytes.range(of: Data("uixotic".utf8)))
            bytes[place.lowerBound] = UInt8(ascii: "a")
            try bytes.write(to: file)

            store = try await VectorStore.open(url)
            let problems = try await store.verify()
            #expect(problems.count == 1 && problems[0].contains("full-text index of the collection 'a'"))
            try await store.collection("a").setFullTextIndex(FullTextIndex())
            #expect(try await store.verify() == [])
            #expect(try await keys("quixotic", in: store.collection("a")) == ["1"])
            try await store.close()
        }
    }

    @Test("Every answer is of one state, while another task writes")
    func beside() async throws {
        try await withCollection { _, collection in
            // At each moment one row has the word, under one of two keys, and its text says which vector it has.
            try await collection.upsert([row("0", "lion 0")])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 1...300 {
                        try await collection.upsert([
                            row("0", number % 2 == 0 ? "lion \(number)" : "ant"),
                            row("1", number % 2 == 1 ? "lion \(number)" : "ant"),
                        ])
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<300 {
                            let found = try await collection.search([1, 2], text: "lion", k: 5)
                            #expect(found.matches.count { $0.byWords != nil } == 1)
                            #expect(found.matches[0].text?.hasPrefix("lion") == true)
                            #expect(try await collection.search(text: "lion", k: 5).wordMatchCount == 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
