/// A set of slots of a ``RowTable``, a bit each.
struct RowSet: Sendable {
    private(set) var words: [UInt64]
    /// The number of slots that can be in it.
    let capacity: Int

    /// No slot, or all of them.
    init(capacity: Int, full: Bool = false) {
        self.capacity = capacity
        words = Array(repeating: full ? .max : 0, count: (capacity + 63) / 64)
        if full { clearExcess() }
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Sets the 64 slots that start at a multiple of 64.
    mutating func setWord(_ word: UInt64, at slot: Int) { words[slot / 64] = word }

    /// Calls `body` with the words of a slot, a multiple of 64, and those after it.
    mutating func withWords(from slot: Int, _ body: (UnsafeMutablePointer<UInt64>) -> Void) {
        words.withUnsafeMutableBufferPointer { words in
            if let start = words.baseAddress { body(start + slot / 64) }
        }
    }

    func contains(_ slot: Int) -> Bool { words[slot / 64] & 1 << UInt64(slot % 64) != 0 }

    mutating func remove(_ slot: Int) { words[slot / 64] &= ~(1 << UInt64(slot % 64)) }

    mutating func formIntersection(_ other: RowSet) {
        for place in words.indices { words[place] &= other.words[place] }
    }
    mutating func formUnion(_ other: RowSet) { for place in words.indices { words[place] |= other.words[place] } }
    mutating func complement() {
        for place in words.indices { words[place] = ~words[place] }
        clearExcess()
    }

    /// The 64 slots that start at a multiple of 64, without those outside of a range that has some of them.
    func word(at first: Int, in range: Range<Int>) -> UInt64 {
        var word = words[first / 64]
        if first < range.lowerBound { word &= .max << UInt64(range.lowerBound - first) }
        if first + 64 > range.upperBound { word &= .max >> UInt64(first + 64 - range.upperBound) }
        return word
    }

    /// Calls `body` with each slot of a range, ascending.
    func forEach(in range: Range<Int>, _ body: (Int) -> Void) {
        guard !range.isEmpty else { return }
        for first in stride(from: range.lowerBound / 64 * 64, to: range.upperBound, by: 64) {
            var word = word(at: first, in: range)
            while word != 0 {
                body(first + word.trailingZeroBitCount)
                word &= word - 1
            }
        }
    }

    /// The slots of a range that are in it, ascending.
    func slots(in range: Range<Int>) -> [Int] {
        var slots: [Int] = []
        forEach(in: range) { slots.append($0) }
        return slots
    }

    private mutating func clearExcess() {
        if capacity % 64 != 0, let last = words.indices.last { words[last] &= .max >> UInt64(64 - capacity % 64) }
    }
}
