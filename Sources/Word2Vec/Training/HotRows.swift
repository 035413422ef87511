package import Vectors
import Word2VecC

/// The rows of weights that one thread works on: the shared ones, but of the most wanted, copies of its own.
///
/// Two threads that write the same cache line take it from each other each time, which on processors with several
/// separate caches costs more than the arithmetic; the nodes near the root of a Huffman tree, and the most frequent words,
/// are written by all threads all the time. So each thread changes copies of those rows, and ``merge()`` adds what it has
/// changed to the shared rows and takes over what the others have.
///
/// A row of rank r is wanted about 1/r as often as the first (Zipf's law), so it is merged about 1/r as often: all rows
/// are merged after about the same number of changes, and the many that are wanted rarely cost little.
package struct HotRows {
    /// How the rows are ranked.
    package enum Order {
        /// The first row is wanted most, as that of the most frequent word is.
        case firstIsHottest
        /// The last row is wanted most, as that of a tree's root is.
        case lastIsHottest
    }

    /// After how many centres to ``merge()``: a compromise, measured, between time and quality.
    static let mergeInterval = 500
    /// How many rows are merged each time.
    private static let mergedAlways = 8

    private let shared: SharedRows
    private let order: Order
    private let last: Int
    private let own: SharedRows
    /// The shared rows as they were at the last merge.
    private let base: SharedRows
    private var merges = 0

    /// - Parameter hotCount: how many rows are copied.
    package init(_ shared: SharedRows, hotCount: Int, _ order: Order) throws(VectorError) {
        self.shared = shared
        self.order = order
        last = shared.count - 1
        own = try SharedRows(count: hotCount, dimension: shared.dimension)
        base = try SharedRows(count: hotCount, dimension: shared.dimension)
        mergeAll()
    }

    /// The row with this number, as this thread is to change it.
    @inline(__always)
    package func row(_ number: Int) -> UnsafeMutablePointer<Float> {
        let rank = order == .firstIsHottest ? number : last &- number
        return rank < own.count ? own.row(rank) : shared.row(number)
    }

    /// Exchanges changes of some rows with the other threads: each second time of twice as many, each fourth of four
    /// times as many, and so on. What two threads merge at the same moment may be lost in part, as the method allows for.
    package mutating func merge() {
        merges &+= 1
        let doublings = min(merges.trailingZeroBitCount, 32)
        mergeFirst(min(Self.mergedAlways << doublings, own.count))
    }

    /// Exchanges changes of all rows.
    package func mergeAll() { mergeFirst(own.count) }

    /// Exchanges changes of so many rows.
    private func mergeFirst(_ count: Int) {
        // Another thread has changed them last, so that each is a long way off.
        let lead = Self.mergedAlways
        for rank in 0..<min(lead, count) { prefetch(rank) }
        for rank in 0..<count {
            if rank &+ lead < count { prefetch(rank &+ lead) }
            let (shared, own, base) = (sharedRow(rank), own.row(rank), base.row(rank))
            for column in 0..<self.shared.stride {
                let merged = shared[column] + (own[column] - base[column])
                shared[column] = merged
                base[column] = merged
                own[column] = merged
            }
        }
    }

    private func sharedRow(_ rank: Int) -> UnsafeMutablePointer<Float> {
        shared.row(order == .firstIsHottest ? rank : last &- rank)
    }

    private func prefetch(_ rank: Int) {
        let stride = Int32(truncatingIfNeeded: shared.stride)
        word2vec_prefetch(sharedRow(rank), stride)
        word2vec_prefetch(base.row(rank), stride)
    }
}
