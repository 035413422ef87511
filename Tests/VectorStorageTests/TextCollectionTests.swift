import Foundation
import TestSupport
import Testing
import VectorStorage
import Vectors

/// Counts of letters, from some letter on: a model that is known by heart.
private final class Letters: Embedder {
    let dimension: Int
    private let first: UInt8
    private let failsAfter: Int
    private let before: @Sendable () async -> Void
    let embedded = Locked<[String]>([])

    /// - Parameters:
    ///   - failsAfter: after so many texts it fails.
    ///   - before: called before each batch.
    init(
        dimension: Int,
        first: UInt8 = UInt8(ascii: "a"),
        failsAfter: Int = .max,
        before: @escaping @Sendable () async -> Void = {}
    ) {
        self.dimension = dimension
        self.first = first
        self.failsAfter = failsAfter
        self.before = before
    }

    var identity: EmbedderIdentity { EmbedderIdentity(name: "letters", fingerprint: "\(first), \(dimension)") }

    func embed(_ texts: [String], as role: TextRole) async throws(VectorError) -> VectorMatrix {
        await before()
        let count = embedded.withLock { embedded in
            embedded += texts
            return embedded.count
        }
        guard count <= failsAfter else { throw VectorError(.inputOutput, "no more than \(failsAfter)") }
        var numbers: [Float] = []
        for text in texts {
            var counts = [Float](repeating: 0.01, count: dimension)
            for byte in text.utf8 where byte >= first && byte < first + UInt8(dimension) {
                counts[Int(byte - first)] += 1
            }
            numbers += counts
        }
        return try VectorMatrix(numbers, dimension: dimension)
    }
}

@Suite("A collection of texts")
struct TextCollectionTests {
    private let texts = [
        StoredText(key: "one", text: "aaa b", metadata: ["part": 1]),
        StoredText(key: "two", text: "bbb c", metadata: ["part": 2]),
        StoredText(key: "three", text: "ccc a", metadata: ["part": 1]),
    ]

    @Test("Texts are found by words as well as by meaning, before and after a change of the model")
    func words() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let first = Letters(dimension: 4)
            let notes = try await store.openOrCreateTextCollection("notes", embedder: first, fullText: FullTextIndex())
            try await notes.upsert(texts)
            let byWords = HybridOptions(vectorWeight: 0)
            for model in [first, Letters(dimension: 5)] {
                try await notes.reembed(with: model)
                let both = try await notes.hybridSearch("ccc", k: 1).matches
                #expect(both.map(\.key) == ["three"] && both[0].text == "ccc a" && both[0].byWords?.rank == 1)
                let embedded = model.embedded.withLock { $0.count }
                let found = try await notes.hybridSearch("c zzz", k: 3, options: byWords).matches
                #expect(found.map(\.key) == ["two"])
                #expect(model.embedded.withLock { $0.count } == embedded)
                #expect(notes.vectors.fullTextIndex == FullTextIndex())
                #expect(try await store.verify() == [])
            }
            let groups = try await notes.search("a", k: 5, groupedBy: "part")
            #expect(groups.map(\.value) == [1, 2] && groups[0].matches.map(\.key) == ["one"])
            try await store.close()
        }
    }

    @Test("Takes texts, answers texts, and keeps them with their metadata")
    func texts() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let notes = try await store.openOrCreateTextCollection("notes", embedder: Letters(dimension: 4))
            try await notes.upsert(texts)
            try await notes.upsert("four", "ddd", metadata: ["part": 1])
            let found = try await notes.search("bb", k: 1).matches
            #expect(found.map(\.key) == ["two"] && found[0].text == "bbb c" && found[0].metadata["part"] == 2)
            #expect(try await notes.search("bb", k: 1, where: .equals("part", 1)).matches.map(\.key) == ["one"])
            #expect(try await notes.search(["a", "d"], k: 1).map { $0.matches[0].key } == ["one", "four"])
            #expect(try await notes.get("one") == texts[0])
            #expect(try await notes.get(["two", "none"]) == [texts[1], nil])
            #expect(try await notes.count(where: .equals("text", "ddd")) == 1)
            #expect(try await notes.delete(["four", "none"]) == 1)
            #expect(try await notes.delete(where: .equals("part", 2)) == 1)
            #expect(try await notes.count() == 2)
            // Replaces the text.
            try await notes.upsert("one", "dddd")
            #expect(try await notes.get("one") == StoredText(key: "one", text: "dddd"))
            await expectFailure(.invalidArgument, naming: "'text'", "'one'") {
                try await notes.upsert("one", "a", metadata: ["text": "b"])
            }
            try await store.close()
        }
    }

    @Test("Opens with the model that made the vectors, and no other")
    func identity() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let store = try await VectorStore.open(url)
            let letters = Letters(dimension: 4)
            try await store.createTextCollection("notes", embedder: letters).upsert(texts)
            try await store.createCollection("vectors", dimension: 4)
            await expectFailure(.collectionExists, naming: "notes") {
                try await store.createTextCollection("notes", embedder: letters)
            }
            try await store.renameCollection("notes", to: "letters")
            try await store.close()

            let again = try await VectorStore.open(url, options: StoreOptions(access: .readOnly))
            #expect(try await again.embedderIdentity(of: "letters") == letters.identity)
            #expect(try await again.embedderIdentity(of: "vectors") == nil)
            #expect(
                try await again.textCollection("letters", embedder: letters).search("c", k: 1).matches[0].key == "three"
            )
            await expectFailure(.embedderMismatch, naming: "letters (97, 4)", "letters (98, 4)") {
                try await again.textCollection("letters", embedder: Letters(dimension: 4, first: UInt8(ascii: "b")))
            }
            await expectFailure(.embedderMismatch, naming: "vectors") {
                try await again.textCollection("vectors", embedder: letters)
            }
            await expectFailure(.unknownCollection, naming: "notes") {
                try await again.textCollection("notes", embedder: letters)
            }
        }
    }

    @Test("Another model takes over at once, with what was written meanwhile")
    func reembedding() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let store = try await VectorStore.open(url)
            let notes = try await store.createTextCollection("notes", embedder: Letters(dimension: 4))
            try await notes.upsert(texts)
            let isFirst = Locked(true)
            let other = Letters(dimension: 5) {
                guard
                    isFirst.withLock({ first in
                        defer { first = false }; return first
                    })
                else { return }
                do {
                    // The old vectors answer, and are written to.
                    try await notes.upsert("late", "eee")
                    #expect(try await notes.delete(["two"]) == 1)
                    #expect(try await notes.search("a", k: 1).matches.map(\.key) == ["one"])
                    #expect(notes.vectors.dimension == 4)
                    await expectFailure(.locked, naming: "notes") {
                        try await notes.reembed(with: Letters(dimension: 6))
                    }
                } catch {
                    Issue.record(error)
                }
            }
            try await notes.reembed(with: other, batchSize: 2)
            #expect(notes.vectors.dimension == 5 && notes.embedder.identity == other.identity)
            #expect(try await notes.count() == 3)
            #expect(try await notes.search("e", k: 1).matches.map(\.key) == ["late"])
            #expect(try await notes.get("one") == texts[0])
            #expect(try await store.collectionNames() == ["notes"])
            try await notes.upsert("six", "edd")
            try await store.close()

            let again = try await VectorStore.open(url)
            #expect(try await again.verify().isEmpty)
            #expect(try await again.textCollection("notes", embedder: other).count() == 4)
            await expectFailure(.embedderMismatch) {
                try await again.textCollection("notes", embedder: Letters(dimension: 4))
            }
            // The model before need not be there.
            let third = Letters(dimension: 3)
            for _ in 0..<2 {
                let changed = try await again.reembedTextCollection("notes", with: third, batchSize: 1)
                #expect(changed.vectors.dimension == 3 && changed.embedder.identity == third.identity)
                #expect(third.embedded.withLock { $0.count } == 4)
                #expect(try await changed.get("six")?.text == "edd")
            }
            try await again.createCollection("plain", dimension: 3)
            await expectFailure(.embedderMismatch, naming: "plain") {
                try await again.reembedTextCollection("plain", with: third)
            }
            await expectFailure(.unknownCollection, naming: "nothing") {
                try await again.reembedTextCollection("nothing", with: third)
            }
        }
    }

    @Test("Another model takes over beside writers that never rest, and loses nothing of theirs")
    func busy() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let notes = try await store.createTextCollection("notes", embedder: Letters(dimension: 4))
            final class Flag: Sendable { let isSet = Locked(false) }
            let done = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<3 {
                    group.addTask {
                        var number = 0
                        while !done.isSet.withLock({ $0 }) {
                            try await notes.upsert("\(writer) \(number)", String(repeating: "a", count: number % 9 + 1))
                            try await notes.delete(["\(writer) \(number - 50)"])
                            number += 1
                        }
                        let last = (max(0, number - 50)..<number).map { VectorKey("\(writer) \($0)") }
                        #expect(try await notes.get(last).allSatisfy { $0 != nil })
                        #expect(try await notes.get("\(writer) \(number - 51)") == nil)
                    }
                }
                for dimension in 5...8 {
                    while try await notes.count() < 100 { try await Task.sleep(for: .milliseconds(1)) }
                    try await notes.reembed(with: Letters(dimension: dimension), batchSize: 10)
                }
                done.isSet.withLock { $0 = true }
                try await group.waitForAll()
            }
            #expect(notes.vectors.dimension == 8)
            #expect(try await notes.count() == 150)
            #expect(try await store.verify().isEmpty)
            try await store.close()
        }
    }

    @Test("A change of the model that was cut short leaves the old one, and goes on")
    func interrupted() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let old = Letters(dimension: 4)
            let all = (0..<100).map {
                StoredText(key: VectorKey("\($0)"), text: String(repeating: "abcd", count: $0 % 7 + 1))
            }
            do {
                let store = try await VectorStore.open(url)
                let notes = try await store.createTextCollection("notes", embedder: old)
                try await notes.upsert(all)
                await expectFailure(.inputOutput, naming: "60") {
                    try await notes.reembed(with: Letters(dimension: 5, failsAfter: 60), batchSize: 10)
                }
                #expect(notes.vectors.dimension == 4)
                try await store.close()
            }
            let store = try await VectorStore.open(url)
            #expect(try await store.collectionNames().count == 2)
            let notes = try await store.textCollection("notes", embedder: old)
            #expect(try await notes.search("abcd", k: 5).matches.count == 5)
            try await notes.upsert("0", "changed")
            try await notes.delete(["1"])
            let new = Letters(dimension: 5)
            try await notes.reembed(with: new, batchSize: 10)
            // Sixty were there, of which two have changed; which of them is chance.
            let again = new.embedded.withLock { $0 }
            #expect((39...41).contains(again.count))
            #expect(try await notes.count() == 99)
            #expect(try await notes.get("0")?.text == "changed")
            #expect(try await store.collectionNames() == ["notes"])
            // What another model had begun is begun anew.
            await expectFailure(.inputOutput) {
                try await notes.reembed(with: Letters(dimension: 3, failsAfter: 20), batchSize: 10)
            }
            try await notes.reembed(with: old)
            #expect(try await store.collectionNames() == ["notes"] && notes.vectors.dimension == 4)
            try await store.close()
        }
    }

    @Test("An embedder whose identity can't be kept, or that breaks its word, is refused")
    func wrongEmbedders() async throws {
        struct Nameless: Embedder {
            var name = ""
            let dimension = 2
            var identity: EmbedderIdentity { EmbedderIdentity(name: name, fingerprint: "1") }
            func embed(_ texts: [String], as role: TextRole) async throws(VectorError) -> VectorMatrix {
                try VectorMatrix([1, 2, 3], dimension: 3)
            }
        }
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            await expectFailure(.invalidArgument, naming: "1...255") {
                try await store.createTextCollection("a", embedder: Nameless())
            }
            let notes = try await store.createTextCollection("a", embedder: Nameless(name: "wrong"))
            await expectFailure(.dimensionMismatch, naming: "1 x 3", "wrong (1)") { try await notes.upsert("a", "b") }
            await expectFailure(.dimensionMismatch) { try await notes.search(["a", "b"], k: 1) }
            await expectFailure(.invalidArgument, naming: "0") {
                try await notes.reembed(with: Nameless(), batchSize: 0)
            }
            try await store.close()
        }
    }
}
