// The code that stands in the documentation, so that it is known to build and to run.

import Foundation

let name = "snippets-\(ProcessInfo.processInfo.processIdentifier)"
let folder = FileManager.default.temporaryDirectory.appending(path: name)
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }

try vectorsSnippets(folder)
try faissSnippets(folder)
try word2VecSnippets(folder)
try await asyncSnippets()
try await storageSnippets(folder)
let fixtures = URL(filePath: #filePath).appending(path: "../../../Tests/SentenceEmbeddingsTests/Fixtures").standardized
try await textSnippets(fixtures.appending(path: "bert"), folder)
