import func Foundation.pow

/// Draws numbers with given probabilities in constant time: the alias method (Walker 1977, doi:10.1145/355744.355749;
/// built as by Vose 1991, doi:10.1109/32.92917).
package struct AliasTable: Sendable {
    /// One column: its own number below the threshold, the alias from there on. 8 bytes, so that a draw touches one
    /// cache line.
    private struct Column {
        var threshold: UInt32
        var alias: UInt32
    }

    private var columns: [Column]

    /// A table for numbers 0, 1, … with probabilities in proportion to `weights`, of which there are at most 2³² and
    /// whose sum is finite and above 0.
    package init(weights: [Double]) {
        let sum = weights.reduce(0, +)
        // Scaled so that 1 fills a column.
        var share = weights.map { $0 / sum * Double(weights.count) }
        columns = weights.indices.map { Column(threshold: .max, alias: UInt32($0)) }
        var small = share.indices.filter { share[$0] < 1 }
        var large = share.indices.filter { share[$0] >= 1 }
        while let poor = small.popLast(), let rich = large.last {
            columns[poor] = Column(threshold: UInt32(share[poor] * 0x1p32), alias: UInt32(rich))
            share[rich] -= 1 - share[poor]
            if share[rich] < 1 { small.append(large.removeLast()) }
        }
    }

    /// A table that draws words in proportion to their count to the power of `exponent`.
    package init(counts: [Int], exponent: Double) {
        // In relation to the most frequent, so that no exponent that the configuration allows overflows.
        let most = Double(counts.max() ?? 1)
        self.init(weights: counts.map { pow(Double($0) / most, exponent) })
    }

    /// One number.
    @inline(__always)
    package func draw(_ random: inout RandomGenerator) -> Int {
        let bits = random.next()
        let number = Int(truncatingIfNeeded: ((bits >> 32) &* UInt64(truncatingIfNeeded: columns.count)) >> 32)
        let column = columns[number]
        return UInt32(truncatingIfNeeded: bits) < column.threshold ? number : Int(column.alias)
    }
}
