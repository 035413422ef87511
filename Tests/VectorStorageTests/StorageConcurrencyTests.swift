import StorageTestSupport
import TestSupport
import Testing

@Suite("Readers beside a writer")
struct StorageConcurrencyTests {
    @Test("Every answer is the serial oracle's at its sequence number")
    func readersBesideWriter() async throws {
        try await withTemporaryFolder { folder in
            let outcome = try await readBesideWriter(
                readers: 8,
                changes: 150,
                comparingEvery: 1,
                in: folder.appending(path: "store")
            )
            #expect(outcome.changes == 150 && outcome.compared == outcome.searches)
        }
    }
}
