import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

@Suite("What an index says about itself")
struct DescriptionTests {
    @Test("A builder prints as it is written")
    func builders() {
        let printed: [(IndexDescription, String)] = [
            (.flat, "flat"),
            (.ivfFlat(), "ivfFlat(lists: automatic)"),
            (.ivfFlat(lists: 1024), "ivfFlat(lists: 1024)"),
            (.ivfPQ(lists: 64, subquantizers: 16), "ivfPQ(lists: 64, subquantizers: 16, bitsPerCode: 8)"),
            (.hnsw(), "hnsw(neighbors: 32, efConstruction: 40)"),
            (.scalarQuantized(), "scalarQuantized(int8)"),
        ]
        for (description, text) in printed { #expect("\(description)" == text) }
    }

    @Test("A stored description of a PCA is the one that it was before there were variants of it")
    func storedPCA() throws {
        let stored = #"{"kind":{"pca":{"to":16,"then":{"kind":{"flat":{}}}}}}"#
        let description = try JSONDecoder().decode(IndexDescription.self, from: Data(stored.utf8))
        #expect(description == .pca(to: 16, then: .flat))
        #expect(description == .pca(to: 16, isWhitened: false, then: .flat))
        #expect(try !String(decoding: JSONEncoder().encode(description), as: UTF8.self).contains("variant"))
        for description in everyBuilder {
            let again = try JSONDecoder().decode(IndexDescription.self, from: JSONEncoder().encode(description))
            #expect(again == description)
        }
    }

    @Test("An index prints its kind, metric and size")
    func indexes() throws {
        let base = try vectors(300)
        #expect(try "\(makeIndex(.flat, holding: base))" == "flat, 32 dimensions, squared L2, 300 vectors, 38.4 kB")
        let index = try VectorIndex(.ivfFlat(lists: 8), dimension: dimension, metric: .cosine)
        #expect("\(index)" == "ivfFlat(lists: 8), 32 dimensions, cosine, not trained")
        try index.train(on: base)
        try index.add(base)
        #expect("\(index)" == "ivfFlat(lists: 8), 32 dimensions, cosine, 300 vectors, 41.8 kB")
    }

    @Test("The memory size is what the tables come to")
    func memory() throws {
        let base = try vectors(1000)
        func size(_ description: IndexDescription) throws -> Int {
            try makeIndex(description, holding: base).memorySize
        }
        #expect(try size(.flat) == 1000 * 32 * 4)
        #expect(try size(.ivfFlat(lists: 8)) == 1000 * (32 * 4 + 8) + 8 * 32 * 4)
        #expect(try size(.scalarQuantized()) == 1000 * 32 + 2 * 32 * 4)
        // Codes, ids and a number for each, list centroids, codebooks both ways, and their centroids' lengths.
        #expect(
            try size(.ivfPQ(lists: 8, subquantizers: 8))
                == 1000 * (8 + 8 + 4) + 8 * 32 * 4 + 2 * 256 * 32 * 4 + 8 * 256 * 4
        )
        let graph = try size(.hnsw(neighbors: 16))
        #expect(graph > 1000 * (32 * 4 + 2 * 16 * 4) && graph < 1000 * (32 * 4 + 2 * 16 * 4 + 32))
        #expect(try VectorIndex(.flat, dimension: 32).memorySize == 0)
        #expect(try VectorIndex(.ivfFlat(lists: 8), dimension: 32).memorySize == 0)
    }

    @Test("Removing gives memory back, except in a graph", arguments: everyBuilder)
    func memoryAfterRemoval(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: vectors(1000))
        let before = index.memorySize
        try index.remove(ids: 0..<500)
        #expect(index.memorySize <= before)
        #expect((index.memorySize < before) == description.capabilities.freesRemovedVectors)
    }
}
