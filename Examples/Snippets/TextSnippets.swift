import Foundation
import SentenceEmbeddings
import VectorStorage

/// - Parameter model: the folder of a model.
func textSnippets(_ model: URL, _ folder: URL) async throws {
    try vectorsOfTexts(model)

    // README
    let encoder = try SentenceEncoder(contentsOf: model)
    let store = try await VectorStore.open(folder.appending(path: "notes.store"))
    let notes = try await store.openOrCreateTextCollection("notes", embedder: encoder)

    try await notes.upsert([
        StoredText(key: "boat", text: "A small boat crosses the calm lake at dawn."),
        StoredText(key: "router", text: "Hold the button for ten seconds.", metadata: ["kind": "help"]),
    ])
    for match in try await notes.search("rowing on the water", k: 1).matches {
        print(match.score, match.key, match.text ?? "")
    }
    try await store.close()
}

private func vectorsOfTexts(_ model: URL) throws {
    let encoder = try SentenceEncoder(contentsOf: model)
    let vectors = try encoder.encode(["water turns into ice", "the king of France"])
    print(vectors.dimension)
}
