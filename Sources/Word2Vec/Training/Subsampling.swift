/// Skips frequent words at random (Mikolov et al. 2013, arXiv:1310.4546), with the probabilities of word2vec.
package struct Subsampling: Sendable {
    /// A word is kept if 32 random bits are at most this.
    private let table: FixedTable<UInt32>

    package init(counts: [Int], sample: Double) {
        let total = counts.reduce(0.0) { $0 + Double($1) }
        table = FixedTable(
            counts.map { count in
                UInt32(Self.keepProbability(share: Double(count) / total, sample: sample) * Double(UInt32.max))
            }
        )
    }

    /// The probability with which a word that makes up `share` of all words is kept.
    package static func keepProbability(share: Double, sample: Double) -> Double {
        guard sample > 0 else { return 1 }
        return min(1, ((share / sample).squareRoot() + 1) * sample / share)
    }

    /// Whether to keep this occurrence of a word.
    package func keeps(_ word: Int, _ random: inout RandomGenerator) -> Bool {
        thresholds.keeps(word, &random)
    }

    /// What decides, for the innermost loop; good as long as this is.
    var thresholds: Thresholds { Thresholds(start: table.start) }

    /// A threshold for each word.
    struct Thresholds {
        fileprivate let start: UnsafePointer<UInt32>

        /// Whether to keep this occurrence of a word.
        @inline(__always)
        func keeps(_ word: Int, _ random: inout RandomGenerator) -> Bool {
            UInt32(truncatingIfNeeded: random.next() >> 32) <= start[word]
        }
    }
}
