/// What a lenient reading of a file of word vectors has left out, and why.
public struct OmittedRows: Sendable, Hashable, CustomStringConvertible {
    /// What was wrong with a row.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// It has fewer numbers than the others, or something else in their place.
        case malformed
        /// One of its numbers is NaN or infinite.
        case notFinite
        /// Its word was there before. The first row of a word is kept.
        case duplicate
        /// Its word is empty, or longer than ``Corpus/maximumWordLength`` bytes.
        case unusableWord
    }

    /// The rows, numbered from 0 in the file's order, ascending.
    public private(set) var rows: [Int] = []
    /// How many there are for each reason.
    public private(set) var counts: [Reason: Int] = [:]
    /// What is wrong with the first of them, up to ten.
    public private(set) var messages: [String] = []
    /// How many rows the file declares and lacks.
    public internal(set) var missing = 0

    /// Nothing left out.
    public init() {}

    /// Whether nothing was left out and nothing is missing.
    public var isEmpty: Bool { rows.isEmpty && missing == 0 }

    /// One line: how many, and why.
    public var description: String {
        var parts = Reason.allCases.compactMap { reason in counts[reason].map { "\($0) \(Self.names[reason] ?? "")" } }
        if missing > 0 { parts.append("\(missing) that the file declares and lacks") }
        let number = "\(rows.count) \(rows.count == 1 ? "row is" : "rows are") left out"
        return parts.isEmpty ? number : "\(number): \(parts.joined(separator: ", "))"
    }

    private static let names: [Reason: String] = [
        .malformed: "without their numbers", .notFinite: "with numbers that are not finite",
        .duplicate: "with a word that was there before", .unusableWord: "with an empty or too long word",
    ]

    mutating func add(_ failure: RowFailure, row: Int) {
        rows.append(row)
        counts[failure.reason, default: 0] += 1
        if messages.count < 10 { messages.append(failure.message) }
    }
}

/// Why a row of a file can't be used.
struct RowFailure: Error {
    let reason: OmittedRows.Reason
    let message: String
}
