/// A text cut into pieces, from which stretches may be missing.
struct TextPieces {
    /// Well-formed UTF-8.
    var bytes: [UInt8]
    /// The pieces in order, none of them empty.
    var ranges: [Range<Int>]

    /// Makes a text of one piece, or of none if it is empty.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        ranges = bytes.isEmpty ? [] : [0..<bytes.count]
    }

    /// Cuts each piece further.
    ///
    /// - Parameter cut: Hands on, from first to last, the parts that cover a piece, each with whether it is a match.
    mutating func split(
        _ behavior: SplitBehavior,
        _ cut: (UnsafeBufferPointer<UInt8>, Range<Int>, (Range<Int>, Bool) -> Void) -> Void
    ) {
        var result: [Range<Int>] = []
        result.reserveCapacity(bytes.count / 4 + 4)
        bytes.withUnsafeBufferPointer { bytes in
            for piece in ranges {
                var parts = SplitParts(behavior)
                cut(bytes, piece) { part, isMatch in
                    if !part.isEmpty { parts.append(part, isMatch: isMatch, to: &result) }
                }
                parts.finish(&result)
            }
        }
        ranges = result
    }

    /// Rewrites each piece.
    mutating func rewrite(_ body: (ArraySlice<UInt8>, inout [UInt8]) -> Void) {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 4 + 16)
        for index in ranges.indices {
            let start = result.count
            body(bytes[ranges[index]], &result)
            ranges[index] = start..<result.count
        }
        bytes = result
    }
}

/// What becomes of the matches at which a text is split.
enum SplitBehavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
}

/// Joins the parts of one piece by a ``SplitBehavior``.
private struct SplitParts {
    private let behavior: SplitBehavior
    private var pending: Range<Int>?
    private var previousIsMatch = false

    init(_ behavior: SplitBehavior) { self.behavior = behavior }

    @inline(__always)
    mutating func append(_ part: Range<Int>, isMatch: Bool, to result: inout [Range<Int>]) {
        let joins: Bool
        switch behavior {
        case .removed:
            if !isMatch { result.append(part) }
            return
        case .isolated:
            result.append(part)
            return
        case .mergedWithPrevious: joins = isMatch && !previousIsMatch
        case .mergedWithNext: joins = previousIsMatch && !isMatch
        case .contiguous: joins = isMatch == previousIsMatch
        }
        previousIsMatch = isMatch
        if joins, let before = pending {
            pending = before.lowerBound..<part.upperBound
        } else {
            finish(&result)
            pending = part
        }
    }

    mutating func finish(_ result: inout [Range<Int>]) {
        if let pending { result.append(pending) }
        pending = nil
    }
}
