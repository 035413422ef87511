import Foundation
import VectorStorage

let folder = URL(filePath: CommandLine.arguments.dropFirst().first ?? "books.store")
let store = try await VectorStore.open(folder)
let books = try await store.openOrCreateCollection("books", dimension: 3)

try await books.upsert([
    StoredVector(
        key: "dune",
        vector: [0.9, 0.1, 0.2],
        metadata: ["lang": "en", "year": 1965, "tags": ["sand", "spice"]]
    ),
    StoredVector(key: "solaris", vector: [0.8, 0.3, 0.1], metadata: ["lang": "pl", "year": 1961, "tags": ["sea"]]),
])
let found = try await books.search([1, 0.2, 0.2], k: 5, where: .range("year", 1960...) && !.equals("lang", "pl"))
for match in found.matches { print(match.key, match.score, match.metadata["year"] ?? "unknown") }
try await store.close()
