import Faiss
import Synchronization
import TestSupport
import Testing
import Vectors

@Suite("Progress handlers")
struct ProgressTests {
    private static let vectors = Result { try TestVectors.uniform(6000, dimension: 8, seed: 1) }

    @Test("A handler may use the index that it watches")
    func handlerUsesIndex() throws {
        let vectors = try Self.vectors.get()
        let index = try VectorIndex(.hnsw(neighbors: 4), dimension: 8)
        let counts = Mutex<[Int]>([])
        try index.add(vectors) { _ in
            let found = try? index.search([Float](repeating: 0.5, count: 8), k: 3)
            #expect(found?.count == 3)
            counts.withLock { $0.append(index.count) }
        }
        #expect(counts.withLock { $0 } == [2048, 4096, 6000])
        _ = try index.search(vectors, k: 2, progress: { _ in #expect(index.count == 6000) })

        let trained = try VectorIndex(.ivfFlat(lists: 16), dimension: 8)
        try trained.train(on: vectors, progress: { _ in #expect(!trained.isTrained) })
        #expect(trained.isTrained)
    }

    @Test("A handler that changes the index it watches gets an error, and does not wait for itself")
    func handlerChangesIndex() throws {
        let vectors = try Self.vectors.get()
        let index = try VectorIndex(.flat, dimension: 8)
        let codes = Mutex<[VectorError.Code]>([])
        try index.add(vectors) { _ in
            do throws(VectorError) {
                try index.remove(ids: [0])
            } catch {
                codes.withLock { $0.append(error.code) }
            }
        }
        #expect(codes.withLock { $0 } == [.unsupported])
        #expect(index.count == 6000)
    }

    @Test("A search's handler may change the index")
    func searchHandlerChangesIndex() throws {
        let vectors = try Self.vectors.get()
        let index = try VectorIndex(.flat, dimension: 8)
        try index.add(vectors)
        _ = try index.search(
            vectors,
            k: 1,
            progress: { progress in
                _ = try? index.remove(ids: [Int64(progress.completed)])
            }
        )
        #expect(index.count < 6000)
    }
}
