import Faiss
import Foundation
import Synchronization
import TestSupport
import Testing
import Vectors

/// The builders that every property is tested over; their sizes fit ``dimension`` and a few hundred vectors.
let everyBuilder: [IndexDescription] = [
    .flat,
    .ivfFlat(lists: 8),
    .ivfPQ(lists: 8, subquantizers: 8),
    .ivfPQ(lists: 8, subquantizers: 16, bitsPerCode: 4),
    .hnsw(neighbors: 16),
    .scalarQuantized(),
    .scalarQuantized(.int6),
    .scalarQuantized(.float16),
    .pq(subquantizers: 8, bitsPerCode: 4),
    .pqFastScan(subquantizers: 16),
    .ivf(lists: 8, storing: .scalarQuantized(.int4)),
    .ivf(lists: 8, storing: .scalarQuantized(.float16)),
    .ivf(lists: 8, storing: .pqFastScan(subquantizers: 16)),
    .rabitq(bits: 1),
    .rabitq(bits: 4),
    .ivfRaBitQ(lists: 8, bits: 3),
    .pca(to: 16, then: .ivfFlat(lists: 8)),
    .opq(subquantizers: 8, then: .pqFastScan(subquantizers: 8)),
    .randomRotation(then: .scalarQuantized()),
    .normalized(then: .ivfFlat(lists: 8)),
    .pca(to: 16, isWhitened: false, isRotated: true, then: .flat),
    .pca(to: 16, isWhitened: true, isRotated: true, then: .normalized(then: .scalarQuantized())),
    .refined(.ivf(lists: 8, storing: .pqFastScan(subquantizers: 16))),
    .refined(.pca(to: 16, then: .ivfRaBitQ(lists: 8, bits: 2))),
    .refined(.pca(to: 8, then: .hnsw(neighbors: 16)), by: 8),
]

/// Those that keep vectors as they are.
let exactBuilders: [IndexDescription] = [.flat, .ivfFlat(lists: 8), .hnsw(neighbors: 16)]

/// Those that can search within a distance.
let rangeBuilders = everyBuilder.filter(\.capabilities.searchesWithinDistance)

/// Those that need training.
let trainedBuilders = everyBuilder.filter(\.needsTraining)

let dimension = 32

/// Options with which every builder looks at all it has.
let exhaustive = SearchOptions(probes: 8, ef: 10_000)

/// Normal clouds of ``dimension``, which no metric refuses.
func vectors(_ count: Int, seed: UInt64 = 1) throws -> VectorMatrix {
    try TestVectors.gaussianMixture(count, dimension: dimension, clouds: 10, spread: 0.3, seed: seed)
}

/// A trained index that holds the vectors.
func makeIndex(
    _ description: IndexDescription,
    metric: Metric = .squaredL2,
    holding vectors: VectorMatrix,
    ids: [Int64]? = nil,
    threads: ThreadLimit = .automatic
) throws -> VectorIndex {
    let index = try VectorIndex(description, dimension: vectors.dimension, metric: metric)
    try index.train(on: vectors)
    if let ids { try index.add(vectors, ids: ids, threads: threads) } else { try index.add(vectors, threads: threads) }
    return index
}

/// Expects a `VectorError` with this code whose message contains all these parts.
func expectFailure<Answer>(
    _ code: VectorError.Code,
    naming parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation,
    of body: () throws -> Answer
) {
    do {
        let answer = try body()
        Issue.record("no error, but \(answer)", sourceLocation: sourceLocation)
    } catch let error as VectorError {
        #expect(error.code == code, "\(error.message)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(error.message.contains(part), "\(error.message)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(error) is not a VectorError", sourceLocation: sourceLocation)
    }
}

/// Expects what every answer must be: at most k neighbours, no id twice, none negative, nearest first, ties by id.
func expectWellFormed(
    _ list: some Collection<Neighbor>,
    k: Int,
    metric: Metric,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(list.count <= k, sourceLocation: sourceLocation)
    #expect(list.allSatisfy { $0.id >= 0 && $0.distance.isFinite }, sourceLocation: sourceLocation)
    #expect(Set(list.map(\.id)).count == list.count, sourceLocation: sourceLocation)
    let ordered = zip(list, list.dropFirst()).allSatisfy {
        $0.distance == $1.distance ? $0.id < $1.id : metric.isNearer($0.distance, than: $1.distance)
    }
    #expect(ordered, "not nearest first, ties by id", sourceLocation: sourceLocation)
}

/// Expects that two programs that add in a different order found the same: distances agree rank by rank, and every
/// id whose distance is not within rounding of the last one's is in both lists.
func expectSame(
    _ found: NeighborLists,
    _ truth: NeighborLists,
    tolerance: Float,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == truth.count, sourceLocation: sourceLocation)
    for (found, truth) in zip(found, truth) {
        #expect(found.count == truth.count, sourceLocation: sourceLocation)
        for (one, other) in zip(found, truth) {
            #expect(abs(one.distance - other.distance) <= tolerance, sourceLocation: sourceLocation)
        }
        guard let last = truth.last?.distance else { continue }
        let certain = truth.filter { abs($0.distance - last) > 2 * tolerance }.map(\.id)
        #expect(Set(found.map(\.id)).isSuperset(of: certain), sourceLocation: sourceLocation)
    }
}

/// The furthest progress that was reported.
final class ProgressRecord: Sendable {
    private let furthest = Mutex<OperationProgress?>(nil)

    var handler: OperationProgress.Handler {
        { progress in
            self.furthest.withLock { if progress.completed > ($0?.completed ?? -1) { $0 = progress } }
        }
    }
    var last: OperationProgress? { furthest.withLock { $0 } }
}
