import Faiss
import Foundation
import Synchronization
import TestSupport
import Testing
import Vectors

/// Run under ThreadSanitizer too: `Scripts/sanitize.sh`.
@Suite("Threads")
struct ConcurrencyTests {
    @Test(
        "Eight searchers beside a writer always see a consistent index",
        arguments: everyBuilder,
        [Metric.squaredL2, .cosine]
    )
    func searchersAndWriter(description: IndexDescription, metric: Metric) throws {
        // Vector i has id i for good. The first 300 stay, the others come and go.
        let pool = try vectors(600)
        let index = try VectorIndex(description, dimension: dimension, metric: metric)
        try index.train(on: pool, options: TrainingOptions(threads: 1))
        try index.add(pool[0..<300], threads: 1)
        let oracle = BruteForce(pool, metric: metric)
        let queries = try vectors(40, seed: 2)
        let truth = (0..<40).map { row in
            Dictionary(uniqueKeysWithValues: oracle.search(Array(queries[row]), k: 600).map { ($0.id, $0.distance) })
        }
        let isExact = exactBuilders.contains(description)
        let done = Atomic(false)
        let searches = Atomic(0)
        let deadline = ContinuousClock.now + .milliseconds(600)

        @Sendable func check(_ list: ArraySlice<Neighbor>, of query: Int) {
            expectWellFormed(list, k: 10, metric: metric)
            #expect(list.count == 10)
            for hit in list {
                let distance = truth[query][hit.id]
                #expect(distance != nil, "id \(hit.id) was never added")
                if let distance, isExact { #expect(abs(distance - hit.distance) < 1e-3) }
            }
        }

        let failures = Mutex<[String]>([])
        onThreads(9) { worker in
            do {
                if worker == 8 {
                    var random = SplitMix64(seed: 4)
                    while ContinuousClock.now < deadline {
                        let start = Int.random(in: 300..<550, using: &random)
                        let ids = (start..<start + 50).map { Int64($0) }
                        try index.add(pool[start..<start + 50], ids: ids, threads: 1)
                        _ = index.memorySize
                        let removed = try index.remove(ids: ids)
                        #expect(removed == 50)
                    }
                    done.store(true, ordering: .relaxed)
                } else {
                    var round = worker
                    repeat {
                        let query = round % 40
                        if round % 3 == 0 {
                            let lists = try index.search(queries, k: 10, options: exhaustive)
                            for (row, list) in lists.enumerated() { check(list, of: row) }
                        } else {
                            check(try index.search(Array(queries[query]), k: 10, options: exhaustive)[...], of: query)
                        }
                        if round % 7 == 0 { _ = try index.reconstruct(Int64(round % 300)) }
                        #expect((300...350).contains(index.count))
                        searches.add(1, ordering: .relaxed)
                        round += 1
                    } while !done.load(ordering: .relaxed)
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
                done.store(true, ordering: .relaxed)
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(searches.load(ordering: .relaxed) >= 8)
        #expect(index.count == 300)
    }

    @Test("Adders on several threads each get ids of their own", arguments: everyBuilder)
    func manyAdders(description: IndexDescription) throws {
        let base = try vectors(400)
        let index = try VectorIndex(description, dimension: dimension)
        try index.train(on: base, options: TrainingOptions(threads: 1))
        let ranges = Mutex<[Range<Int64>]>([])
        onThreads(40) { part in
            do {
                let ids = try index.add(base[part * 10..<part * 10 + 10], threads: 1)
                ranges.withLock { $0.append(ids) }
            } catch { Issue.record(error) }
        }
        #expect(index.count == 400)
        #expect(ranges.withLock { $0.flatMap(Array.init).sorted() } == Array(0..<400))
    }

    @Test("An index is written while it is searched", arguments: everyBuilder)
    func writingBesideSearching(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let base = try vectors(400)
            let index = try makeIndex(description, holding: base)
            let before = try index.search(base[0..<50], k: 5, options: exhaustive)
            onThreads(6) { worker in
                do {
                    for round in 0..<10 {
                        if worker < 2 {
                            let file = folder.appending(path: "\(worker).vindex")
                            try index.write(to: file)
                            let again = try VectorIndex(contentsOf: file)
                            #expect(again.count == 400)
                        } else {
                            #expect(try index.search(base[0..<50], k: 5, options: exhaustive) == before, "\(round)")
                        }
                    }
                } catch { Issue.record(error) }
            }
        }
    }

    @Test("Indexes are built side by side without disturbing each other")
    func buildersSideBySide() throws {
        let base = try vectors(600)
        let alone = try everyBuilder.map {
            try makeIndex($0, holding: base).search(base[0..<20], k: 5, options: exhaustive)
        }
        onThreads(everyBuilder.count * 2) { number in
            let kind = number % everyBuilder.count
            do {
                let found = try makeIndex(everyBuilder[kind], holding: base)
                    .search(base[0..<20], k: 5, options: exhaustive)
                // Two threads add in an order of their own, so codes may differ where rounding decides.
                if exactBuilders.contains(everyBuilder[kind]) { expectSame(found, alone[kind], tolerance: 1e-4) }
                #expect(found.allSatisfy { $0.count == 5 })
            } catch { Issue.record(error) }
        }
    }
}
