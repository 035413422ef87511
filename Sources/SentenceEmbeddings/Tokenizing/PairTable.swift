/// The merges of byte pair encoding: what two adjacent pieces become, and in which order pairs are merged.
struct PairTable: Sendable {
    /// What a pair becomes.
    struct Merge: Sendable {
        /// Pairs of a lower rank are merged first.
        var rank: Int32
        var id: Int32
    }

    /// Both ids of a pair in one number; ``free`` marks a free slot.
    private var pairs: [UInt64]
    private var merges: [Merge]
    private var count = 0
    /// No pair, since ids aren't negative.
    private static let free = UInt64.max

    init(reservingFor count: Int) {
        var size = 16
        while size < count * 2 { size *= 2 }
        pairs = [UInt64](repeating: Self.free, count: size)
        merges = [Merge](repeating: Merge(rank: 0, id: 0), count: size)
    }

    /// Adds a pair, or gives a known one another merge. There must be room, by ``init(reservingFor:)``.
    mutating func insert(_ first: Int32, _ second: Int32, _ merge: Merge) {
        let pair = Self.pair(first, second)
        let place = slot(of: pair)
        if pairs[place] == Self.free { count += 1 }
        precondition(count < pairs.count)
        pairs[place] = pair
        merges[place] = merge
    }

    /// What a pair becomes; nil if it isn't merged.
    @inline(__always)
    func merge(_ first: Int32, _ second: Int32) -> Merge? {
        let pair = Self.pair(first, second)
        let place = slot(of: pair)
        return pairs[place] == pair ? merges[place] : nil
    }

    @inline(__always)
    private func slot(of pair: UInt64) -> Int {
        let mask = pairs.count - 1
        let product = pair.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        var place = Int(truncatingIfNeeded: product.high ^ product.low) & mask
        while pairs[place] != pair, pairs[place] != Self.free { place = (place + 1) & mask }
        return place
    }

    private static func pair(_ first: Int32, _ second: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
    }
}
