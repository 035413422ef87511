import ExampleSupport
import Foundation
import SentenceEmbeddings
import VectorStorage

// A folder of texts, questions in plain language, and the passages that answer them:
//
//     documents [FOLDER [QUESTION …]]
//
// By default the documentation of this package is asked how to use it.

let arguments = CommandLine.arguments.dropFirst()
let documentation = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
let folder = arguments.first.map { URL(filePath: $0) } ?? documentation
let answers = [
    "What is left after a power failure?": "FileFormat.md",
    "When is a distributed server worth it?": "BeyondOneMachine.md",
    "How does this differ from the Python library for word vectors?": "ComingFromGensim.md",
    "how many threads are used, and can I limit them": "ThreadsAndMemory.md",
]
let questions = arguments.count > 1 ? Array(arguments.dropFirst()) : answers.keys.sorted()

let encoder = try SentenceEncoder(contentsOf: exampleData("minilm"))
let place = try exampleOutput("documents").appending(path: "documents.store")
try? FileManager.default.removeItem(at: place)
let store = try await VectorStore.open(place)
let documents = try await store.createTextCollection("documents", embedder: encoder)

let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
for path in paths.sorted() where path.hasSuffix(".txt") || path.hasSuffix(".md") {
    let file = folder.appending(path: path)
    let passages = try encoder.passages(of: String(contentsOf: file, encoding: .utf8), maximumTokens: 100, overlap: 20)
    try await documents.upsert(
        passages.enumerated().map { number, passage in
            StoredText(key: VectorKey("\(file.lastPathComponent), \(number)"), text: passage.text)
        }
    )
}
print("\(try await documents.count()) passages")

for (question, found) in zip(questions, try await documents.search(questions, k: 3)) {
    print("\n\(question)")
    for match in found.matches {
        let text = (match.text ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
        print("  \(String(format: "%.2f", match.score))  \(match.key): \(text.prefix(160))…")
    }
    if arguments.isEmpty, let file = answers[question] {
        check(found.matches.contains { $0.key.text.hasPrefix(file) }, "\(file) answers '\(question)'")
    }
}
try await store.close()
