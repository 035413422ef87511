/// The rows of weights that one thread works on: the shared ones, but of a few that every window needs, copies of its
/// own.
///
/// Two threads that write the same cache line take it from each other each time; the nodes near the root of a Huffman
/// tree, and the most frequent words, are written by all threads all the time. So each thread changes copies of those
/// rows, and ``merge()`` now and then adds what it has changed to the shared rows and takes over what the others have.
struct HotRows {
    private let shared: SharedRows
    /// The numbers of the rows that are copied.
    private let hot: Range<Int>
    private let own: SharedRows
    /// The shared rows as they were at the last merge.
    private let base: SharedRows

    init(_ shared: SharedRows, hot: Range<Int>) throws(Word2VecError) {
        self.shared = shared
        self.hot = hot
        own = try SharedRows(count: hot.count, dimension: shared.dimension)
        base = try SharedRows(count: hot.count, dimension: shared.dimension)
        merge()
    }

    /// The row with this number, as this thread is to change it.
    @inline(__always)
    func row(_ number: Int) -> UnsafeMutablePointer<Float> {
        hot.contains(number) ? own.row(number &- hot.lowerBound) : shared.row(number)
    }

    /// Exchanges changes with the other threads. What two threads merge at the same moment may be lost in part, as the
    /// method allows for.
    func merge() {
        for row in 0..<hot.count {
            let (own, base, shared) = (own.row(row), base.row(row), shared.row(hot.lowerBound + row))
            for column in 0..<self.shared.stride {
                let merged = shared[column] + (own[column] - base[column])
                shared[column] = merged
                base[column] = merged
                own[column] = merged
            }
        }
    }
}
