import Foundation
import VectorStorage

func storageSnippets(_ folder: URL) async throws {
    // GettingStarted
    let store = try await VectorStore.open(folder.appending(path: "library"))
    let books = try await store.createCollection("books", dimension: 3, metric: .cosine)

    try await books.upsert([
        StoredVector(key: "dune", vector: [0.9, 0.1, 0.2], metadata: ["lang": "en", "year": 1965]),
        StoredVector(key: "solaris", vector: [0.8, 0.3, 0.1], metadata: ["lang": "pl", "year": 1961]),
    ])

    let recent = try await books.search([1, 0.2, 0.2], k: 5, where: .range("year", 1960...) && !.equals("lang", "pl"))
    for match in recent.matches {
        print(match.key, match.score, match.metadata["year"] ?? "unknown")
    }
    print(recent.diagnostics.strategy)

    let same = try MetadataCondition(parsing: "year >= 1960 and lang != pl")
    let tagged = try MetadataCondition(parsing: "tags contains \"sea\" or not exists tags")
    let other = try await books.count(where: same && tagged)

    try await books.setFullTextIndex(FullTextIndex(fields: ["title", "summary"], tokenizer: .english))
    let found = try await books.search([1, 0.2, 0.2], text: "spice planet", k: 5)
    for match in found.matches {
        print(match.key, match.score, match.byVector?.rank ?? 0, match.byWords?.rank ?? 0)
    }
    let named = try await books.search(text: "Arrakis", k: 5, options: HybridOptions(highlights: true))
    print(named.matches.first?.highlighted("summary", "**", "**") ?? "nothing")

    for group in try await books.search([1, 0.2, 0.2], k: 3, groupedBy: "lang", perGroup: 2) {
        print(group.value, group.matches.map(\.key))
    }
    let languages = try await books.valueCounts(of: "lang")
    print(languages.map { "\($0.value): \($0.count)" })

    for try await row in books.rows(where: .greaterThan("year", 1960)) {
        print(row.key, row.vector)
    }

    try await books.update("dune", metadata: ["read": true])  // other fields stay
    try await books.update("dune", metadata: ["year": 1965, "lang": "en"], replacing: true)

    try await books.delete(["solaris"])
    try await store.snapshot(to: folder.appending(path: "library-copy"))
    let problems = try await store.verify()
    try await store.close()

    // Operating
    let reader = try await VectorStore.open(folder.appending(path: "library"), options: StoreOptions(access: .readOnly))
    let sameBooks = try await reader.collection("books")
    print(sameBooks.count, sameBooks.statistics.tableMemorySize)
    try await reader.close()

    let options = StoreOptions(memoryBudget: 500 << 20)
    let archive = try await VectorStore.open(folder.appending(path: "archive"), options: options)
    let pictures = try await archive.openOrCreateCollection("pictures", dimension: 128)
    print(pictures.statistics.rowsOnDiskCount, pictures.statistics.tableMemorySize)
    try await archive.close()

    precondition(problems.isEmpty && other == 1)
}
