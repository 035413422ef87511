import Faiss
import TestSupport
import Testing
import Vectors

@Suite("Filters over ids")
struct FilterTests {
    /// Filters and the sets they stand for, over the ids 0..<400 times `spacing`.
    private static func filters(spacing: Int64) -> [(filter: IDFilter, passes: @Sendable (Int64) -> Bool)] {
        let some = (0..<400).filter { $0 % 7 == 0 }.map { Int64($0) * spacing }
        let others = (0..<400).filter { $0 % 5 == 0 }.map { Int64($0) * spacing }
        let low = 100 * spacing..<300 * spacing
        return [
            (.range(low), { low.contains($0) }),
            (.range(100 * spacing...300 * spacing), { (100 * spacing...300 * spacing).contains($0) }),
            (.ids(some), { Set(some).contains($0) }),
            (!.ids(some), { !Set(some).contains($0) }),
            (.range(low) && .ids(some), { low.contains($0) && Set(some).contains($0) }),
            (.range(low) || .ids(some), { low.contains($0) || Set(some).contains($0) }),
            (.range(low) && !.ids(some), { low.contains($0) && !Set(some).contains($0) }),
            (
                !(.ids(some) || .ids(others)) && .range(low),
                { !(Set(some).contains($0) || Set(others).contains($0)) && low.contains($0) }
            ),
            (.ids(some) && .ids(others), { Set(some).contains($0) && Set(others).contains($0) }),
            (.range(0...Int64.max), { _ in true }),
            (.range(.min..<0), { _ in false }),
            (.ids([]), { _ in false }),
            (!.ids([]), { _ in true }),
            (.ids([.min, -1, 5 * spacing, .max]), { $0 == 5 * spacing || $0 == .max }),
        ]
    }

    @Test("The nearest among those that pass are found", arguments: everyBuilder, [1, 1_000_003, Int64.max / 400])
    func passing(description: IndexDescription, spacing: Int64) throws {
        let base = try vectors(400)
        let ids = (0..<400).map { Int64($0) * spacing }
        for order in [ids, ids.reversed()] {
            let index = try makeIndex(description, holding: base, ids: order)
            let everything = try index.search(base[0..<10], k: 400, options: exhaustive)
            for (filter, passes) in Self.filters(spacing: spacing) {
                var options = exhaustive
                options.filter = filter
                let found = try index.search(base[0..<10], k: 400, options: options)
                for (found, everything) in zip(found, everything) {
                    expectWellFormed(found, k: 400, metric: .squaredL2)
                    #expect(Array(found) == everything.filter { passes($0.id) })
                }
            }
        }
    }

    @Test("A filter and hidden vectors go together", arguments: everyBuilder)
    func afterRemoval(description: IndexDescription) throws {
        let base = try vectors(400)
        let index = try makeIndex(description, holding: base)
        try index.remove(ids: stride(from: 0, to: 400, by: 2))
        var options = exhaustive
        options.filter = .range(100..<200)
        let list = try index.search(Array(base[150]), k: 400, options: options)
        #expect(Set(list.map(\.id)) == Set((100..<200).filter { $0 % 2 == 1 }))
    }

    @Test("Fewer pass than k: fewer are found, and no error", arguments: everyBuilder, Metric.allCases)
    func fewPass(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: vectors(400))
        let queries = try vectors(30, seed: 5)
        var options = exhaustive
        options.filter = .ids([3, 77, 250])
        for list in try index.search(queries, k: 10, options: options) {
            #expect(Set(list.map(\.id)) == [3, 77, 250])
        }
        options.filter = .ids([400, -1])
        #expect(try index.search(queries, k: 10, options: options).allSatisfy(\.isEmpty))
        #expect(try index.search(Array(queries[0]), k: 10, options: options).isEmpty)
    }

    @Test("A filter passes what set arithmetic says", arguments: 0..<20 as Range<UInt64>)
    func setArithmetic(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let universe: [Int64] = [.min, .min + 1, -1, .max - 1, .max] + Array(0..<200)

        func filter(depth: Int) -> (IDFilter, Set<Int64>) {
            switch Int.random(in: 0..<(depth == 0 ? 3 : 6), using: &random) {
            case 0:
                let bounds = [universe.randomElement(using: &random)!, universe.randomElement(using: &random)!].sorted()
                return (.range(bounds[0]..<bounds[1]), Set(universe.filter { bounds[0] <= $0 && $0 < bounds[1] }))
            case 1:
                let bounds = [universe.randomElement(using: &random)!, universe.randomElement(using: &random)!].sorted()
                return (.range(bounds[0]...bounds[1]), Set(universe.filter { bounds[0] <= $0 && $0 <= bounds[1] }))
            case 2:
                let members = universe.shuffled(using: &random).prefix(Int.random(in: 0...50, using: &random))
                return (.ids(members), Set(members))
            case 3:
                let (one, set) = filter(depth: depth - 1)
                return (!one, Set(universe).subtracting(set))
            case 4:
                let (one, set) = filter(depth: depth - 1)
                let (other, otherSet) = filter(depth: depth - 1)
                return (one && other, set.intersection(otherSet))
            default:
                let (one, set) = filter(depth: depth - 1)
                let (other, otherSet) = filter(depth: depth - 1)
                return (one || other, set.union(otherSet))
            }
        }

        // The same question to Swift's side and, through a search, to the C++ side.
        let ids = universe.filter { $0 >= 0 }
        let index = try makeIndex(.flat, holding: vectors(ids.count), ids: ids)
        for _ in 0..<30 {
            let (filter, expected) = filter(depth: 4)
            #expect(universe.filter { filter.contains($0) } == universe.filter { expected.contains($0) })
            let options = SearchOptions(filter: filter)
            let found = try index.search([Float](repeating: 0.5, count: dimension), k: ids.count, options: options)
            #expect(Set(found.map(\.id)) == expected.filter { $0 >= 0 })
        }
    }

    @Test("A filter of many parts works up to the limit")
    func manyParts() throws {
        let index = try makeIndex(.flat, holding: vectors(100))
        var filter = IDFilter.ids([0])
        var parts = 1
        while parts + 2 <= IDFilter.maximumPartCount {
            filter = filter || .range(50..<51)
            parts += 2
        }
        let options = SearchOptions(filter: filter)
        let found = try index.search([Float](repeating: 0, count: dimension), k: 100, options: options)
        #expect(Set(found.map(\.id)) == [0, 50])
    }
}
