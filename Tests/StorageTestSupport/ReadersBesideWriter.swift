package import Foundation
import VectorStorage
import Vectors

/// What came of readers beside a writer.
package struct ReadersOutcome: Sendable {
    package var changes: Int
    package var searches: Int
    package var compared: Int
}

/// An answer that is not the oracle's.
package struct ReaderDifference: Error, CustomStringConvertible {
    package let description: String
}

/// Lets readers search while one task writes and another one rebuilds the index, then does all changes again, one by one,
/// in the oracle, and compares answers at the sequence number that each of them names.
///
/// - Parameters:
///   - readers: how many tasks read.
///   - changes: how many changes there are, at most.
///   - seconds: how long it goes on, at most.
///   - share: each reader's every how many-th answer is compared: comparing takes longer than searching.
///   - folder: where the store goes.
package func readBesideWriter(
    readers: Int,
    changes: Int = .max,
    seconds: Double = 1e6,
    comparingEvery share: Int,
    in folder: URL
) async throws -> ReadersOutcome {
    struct Observation: Sendable {
        var number: Int
        var result: SearchResult
    }
    /// What one task has done.
    struct Part: Sendable {
        var sequences: [Int64] = []
        var observations: [Observation] = []
        var searches = 0
    }
    let load = StorageLoad(seed: 21, dimension: 16, keys: 4000, batch: 60)
    let store = try await VectorStore.open(folder, options: StoreOptions(durability: .fast))
    let collection = try await store.createCollection(
        "rows",
        dimension: 16,
        metric: .squaredL2,
        index: .described(.ivfFlat(lists: 16))
    )
    let initial = load.rows(0..<4000)
    try await collection.upsert(initial)
    let firstSequence = collection.statistics.sequence
    let done = Cancellation()
    let end = ContinuousClock.now + .seconds(seconds)
    let whole = try await withThrowingTaskGroup(of: Part.self) { group in
        group.addTask {
            var part = Part()
            defer { done.cancel() }
            while part.sequences.count < changes, ContinuousClock.now < end {
                try await load.operation(part.sequences.count).run(on: collection)
                part.sequences.append(collection.statistics.sequence)
            }
            return part
        }
        group.addTask {
            while !done.isCancelled {
                try await collection.rebuildIndex()
                try await Task.sleep(for: .milliseconds(50))
            }
            return Part()
        }
        for reader in 0..<readers {
            group.addTask {
                var part = Part()
                while !done.isCancelled {
                    let number = (reader + readers * part.searches) % 100_000
                    let result = try await collection.search(
                        load.query(number),
                        k: 10,
                        where: load.condition(number),
                        options: QueryOptions(exact: part.searches % 3 == 0, probes: 1 << 20)
                    )
                    part.searches += 1
                    if part.searches % share == 0 {
                        part.observations.append(Observation(number: number, result: result))
                    }
                }
                return part
            }
        }
        return try await group.reduce(into: Part()) { whole, part in
            whole.sequences += part.sequences
            whole.observations += part.observations
            whole.searches += part.searches
        }
    }
    try await store.close()

    var model = StorageModel(metric: .squaredL2)
    model.apply(.upsert(initial))
    var compared = 0
    let sequences = whole.sequences
    let observations = Dictionary(grouping: whole.observations, by: \.result.diagnostics.sequence)
    for number in -1..<sequences.count {
        if number >= 0 { model.apply(load.operation(number)) }
        let sequence = number < 0 ? firstSequence : sequences[number]
        // A change that found nothing to do has no number of its own.
        if number + 1 < sequences.count, sequences[number + 1] == sequence { continue }
        for observation in observations[sequence] ?? [] {
            let expected = model.search(
                load.query(observation.number),
                k: 10,
                where: load.condition(observation.number)
            )
            if let difference = difference(observation.result.matches, expected) {
                throw ReaderDifference(
                    description: "query \(observation.number) at sequence \(sequence), "
                        + "\(observation.result.diagnostics): \(difference)"
                )
            }
            compared += 1
        }
    }
    guard compared == whole.observations.count else {
        throw ReaderDifference(
            description: "\(whole.observations.count - compared) answers name a sequence that no change had"
        )
    }
    return ReadersOutcome(changes: sequences.count, searches: whole.searches, compared: compared)
}
