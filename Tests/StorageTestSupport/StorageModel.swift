import Foundation
import TestSupport
package import VectorStorage
package import Vectors

/// One change of a collection.
package enum StorageOperation: Sendable {
    case upsert([StoredVector])
    case delete([VectorKey])
    case deleteWhere(MetadataCondition)

    /// Does it.
    package func run(on collection: some StoredCollection) async throws(VectorError) {
        switch self {
        case .upsert(let rows): try await collection.upsert(rows)
        case .delete(let keys): try await collection.delete(keys)
        case .deleteWhere(let condition): try await collection.delete(where: condition)
        }
    }
}

/// What a collection should hold: a dictionary, searched by brute force. The oracle of every test of the store.
package struct StorageModel: Sendable {
    package struct Entry: Sendable {
        package var row: StoredVector
        /// Its place in the order of writing.
        package var order: Int
    }

    package private(set) var rows: [VectorKey: Entry] = [:]
    package let metric: Metric
    private var nextOrder = 0

    package init(metric: Metric) { self.metric = metric }

    /// Makes a change. Returns whether there was anything to change: a store writes nothing otherwise.
    @discardableResult
    package mutating func apply(_ operation: StorageOperation) -> Bool {
        let before = rows.count
        switch operation {
        case .upsert(let new):
            for row in new {
                rows[row.key] = Entry(row: row, order: nextOrder)
                nextOrder += 1
            }
            return !new.isEmpty
        case .delete(let keys): for key in keys { rows[key] = nil }
        case .deleteWhere(let condition): rows = rows.filter { !condition.holds(for: $0.value.row.metadata) }
        }
        return rows.count != before
    }

    /// The k nearest rows, equally near ones in the order of their writing.
    package func search(_ query: [Float], k: Int, where condition: MetadataCondition? = nil) -> [VectorMatch] {
        var best: [(entry: Entry, score: Float)] = []
        func isBefore(_ first: (entry: Entry, score: Float), _ second: (entry: Entry, score: Float)) -> Bool {
            first.score == second.score
                ? first.entry.order < second.entry.order : metric.isNearer(first.score, than: second.score)
        }
        for entry in rows.values {
            guard condition?.holds(for: entry.row.metadata) ?? true else { continue }
            let candidate = (entry, score(query, entry.row.vector))
            if best.count == k, !isBefore(candidate, best[k - 1]) { continue }
            var place = best.count
            while place > 0, isBefore(candidate, best[place - 1]) { place -= 1 }
            best.insert(candidate, at: place)
            if best.count > k { best.removeLast() }
        }
        return best.map { VectorMatch(key: $0.entry.row.key, score: $0.score, metadata: $0.entry.row.metadata) }
    }

    package func score(_ query: [Float], _ vector: [Float]) -> Float {
        var sum = 0.0
        var lengths = (0.0, 0.0)
        for (a, b) in zip(query, vector) {
            let a = Double(a)
            let b = Double(b)
            sum += metric == .squaredL2 ? (a - b) * (a - b) : a * b
            lengths = (lengths.0 + a * a, lengths.1 + b * b)
        }
        return Float(metric == .cosine ? sum / (lengths.0 * lengths.1).squareRoot() : sum)
    }
}

/// Where an answer differs from the oracle's; nil if it doesn't. Scores may differ by rounding, and then rows that are
/// equally near within rounding may change places.
package func difference(_ found: [VectorMatch], _ expected: [VectorMatch], tolerance: Float = 0) -> String? {
    guard found.count == expected.count else { return "\(found.count) matches, not \(expected.count)" }
    for (place, (found, expected)) in zip(found, expected).enumerated() {
        guard abs(found.score - expected.score) <= tolerance else {
            return "match \(place) is \(found.key) with \(found.score), not \(expected.key) with \(expected.score)"
        }
        if tolerance == 0, found.key != expected.key || found.metadata != expected.metadata {
            return "match \(place) is \(found.key) \(found.metadata), not \(expected.key) \(expected.metadata)"
        }
    }
    return nil
}

/// Where an answer differs from the oracle's; nil if it doesn't. Scores may be rounded otherwise, equally near rows may be in
/// any order, and any of them may be missing at the k-th place.
package func difference(
    _ found: [VectorMatch],
    _ expected: [VectorMatch],
    in model: StorageModel,
    query: [Float]
) -> String? {
    func isEqual(_ first: Float, _ second: Float) -> Bool { abs(first - second) <= 1e-6 * max(abs(first), 1) }
    guard found.count == expected.count, zip(found, expected).allSatisfy({ isEqual($0.score, $1.score) }) else {
        return "scores \(found.map(\.score)), not \(expected.map(\.score))"
    }
    guard Set(found.map(\.key)).count == found.count else { return "a row is there twice" }
    for match in found {
        guard let row = model.rows[match.key]?.row, row.metadata == match.metadata,
            isEqual(model.score(query, row.vector), match.score)
        else { return "\(match.key) is there with \(match.score) and \(match.metadata)" }
    }
    return nil
}

/// Endless changes, of which each is a function of the seed and its number alone. Vectors hold small whole numbers, so
/// that every way to compute a distance gives the same bits.
package struct StorageLoad: Sendable {
    package let seed: UInt64
    package let dimension: Int
    /// How many different keys there are.
    package let keys: Int
    /// The most rows of one upsert.
    package let batch: Int

    package init(seed: UInt64, dimension: Int, keys: Int, batch: Int) {
        self.seed = seed
        self.dimension = dimension
        self.keys = keys
        self.batch = batch
    }

    package func operation(_ number: Int) -> StorageOperation {
        var random = generator(number)
        switch Int.random(in: 0..<20, using: &random) {
        case 0: return .delete((0..<Int.random(in: 1...3, using: &random)).map { _ in key(&random) })
        case 1:
            let year = Int.random(in: 1950...2020, using: &random)
            return .deleteWhere(.range("year", year...year) && .equals("lang", language(&random)))
        case 2...12: return .upsert([row(&random, number)])
        default:
            return .upsert((0..<Int.random(in: 2...batch, using: &random)).map { _ in row(&random, number) })
        }
    }

    /// So many rows under the first keys, to begin with.
    package func rows(_ range: Range<Int>) -> [StoredVector] {
        range.map { number in
            var random = generator(~number)
            var row = row(&random, -1)
            row.key = VectorKey(number)
            return row
        }
    }

    package func query(_ number: Int) -> [Float] {
        var random = generator(number &* 7919)
        return vector(&random)
    }

    /// Conditions of every kind and every selectivity.
    package func condition(_ number: Int) -> MetadataCondition? {
        var random = generator(number &* 104_729)
        let year = Int.random(in: 1950...2020, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .equals("lang", language(&random))
        case 1: return .range("year", year...)
        case 2: return .range("year", ..<year) && !.equals("lang", language(&random))
        case 3: return .contains("tags", "tag\(Int.random(in: 0..<30, using: &random))")
        case 4: return .in("lang", ["en", "xx"]) || .exists("rare")
        case 5: return .range("weight", 0.25..<0.5)
        case 6: return .equals("year", .integer(Int64(year)))
        default: return nil
        }
    }

    private func generator(_ number: Int) -> SplitMix64 {
        var random = SplitMix64(seed: seed &+ UInt64(bitPattern: Int64(number)) &* 0x9E37_79B9_7F4A_7C15)
        return SplitMix64(seed: random.next())
    }

    private func key(_ random: inout SplitMix64) -> VectorKey {
        VectorKey(Int.random(in: 0..<keys, using: &random))
    }

    private func language(_ random: inout SplitMix64) -> MetadataValue {
        .string(["en", "de", "fr", "nl", "a language with a long name"].randomElement(using: &random)!)
    }

    /// The words of the rows' languages and tags.
    package static let fullText = FullTextIndex(fields: ["lang", "tags"])

    private func vector(_ random: inout SplitMix64) -> [Float] {
        (0..<dimension).map { _ in Float(random.next() >> 59) - 15 }
    }

    private func row(_ random: inout SplitMix64, _ number: Int) -> StoredVector {
        var metadata: VectorMetadata = [
            "change": .integer(Int64(number)), "lang": language(&random),
            "year": .integer(Int64.random(in: 1950...2020, using: &random)),
            "weight": .double(Double.random(in: 0...1, using: &random)),
        ]
        if Bool.random(using: &random) {
            metadata["tags"] = .strings((0..<3).map { _ in "tag\(Int.random(in: 0..<30, using: &random))" })
        }
        if Int.random(in: 0..<50, using: &random) == 0 { metadata.updateValue(.null, forKey: "rare") }
        return StoredVector(key: key(&random), vector: vector(&random), metadata: metadata)
    }
}

/// How all that a collection says differs from the oracle; nil if it doesn't.
package func difference(
    _ collection: some StoredCollection,
    _ model: StorageModel,
    load: StorageLoad,
    queries: Range<Int>
) async throws -> String? {
    let count = try await collection.count(where: nil)
    guard count == model.rows.count else { return "it counts \(count) rows, not \(model.rows.count)" }
    var rows: [StoredVector] = []
    for try await row in collection.rows() { rows.append(row) }
    guard rows.count == model.rows.count else { return "it holds \(rows.count) rows, not \(model.rows.count)" }
    for row in rows where model.rows[row.key]?.row != row {
        return "the row \(row.key) is \(row.metadata), not \(String(describing: model.rows[row.key]?.row.metadata))"
    }
    for number in queries {
        let condition = load.condition(number)
        let query = load.query(number)
        // All lists, all candidates: then an index answers exactly, too.
        let options = QueryOptions(exact: number % 2 == 0, probes: 1 << 20, ef: 1 << 20, candidates: .max)
        let found = try await collection.search(query, k: 10, where: condition, options: options)
        let expected = model.search(query, k: 10, where: condition)
        let unlike =
            collection.promises.tiesAreInWritingOrder
            ? difference(found.matches, expected) : difference(found.matches, expected, in: model, query: query)
        if let unlike { return "query \(number): \(unlike)" }
        if let condition {
            let matching = model.rows.values.count { condition.holds(for: $0.row.metadata) }
            guard found.diagnostics.matching == matching else {
                return "query \(number): \(found.diagnostics.matching ?? -1) rows match, not \(matching)"
            }
        }
        let key = VectorKey(number % load.keys)
        guard try await collection.get(key) == model.rows[key]?.row else { return "getting \(key) gives another row" }
    }
    return nil
}
