import func Foundation.pow

/// Draws numbers with given probabilities in constant time: the alias method (Walker 1977, doi:10.1145/355744.355749;
/// built as by Vose 1991, doi:10.1109/32.92917).
package struct AliasTable: Sendable {
    /// One column: its own number below the threshold, the alias from there on. 8 bytes, so that a draw touches one
    /// cache line.
    fileprivate struct Column: BitwiseCopyable {
        var threshold: UInt32
        var alias: UInt32
    }

    private let table: FixedTable<Column>
    private let count: Int

    /// A table for numbers 0, 1, … with probabilities in proportion to `weights`, of which there are at most 2³² and
    /// whose sum is finite and above 0.
    package init(weights: [Double]) {
        let sum = weights.reduce(0, +)
        // Scaled so that 1 fills a column.
        var share = weights.map { $0 / sum * Double(weights.count) }
        var columns = weights.indices.map { Column(threshold: .max, alias: UInt32($0)) }
        var small = share.indices.filter { share[$0] < 1 }
        var large = share.indices.filter { share[$0] >= 1 }
        while let poor = small.popLast(), let rich = large.last {
            columns[poor] = Column(threshold: UInt32(share[poor] * 0x1p32), alias: UInt32(rich))
            share[rich] -= 1 - share[poor]
            if share[rich] < 1 { small.append(large.removeLast()) }
        }
        table = FixedTable(columns)
        count = columns.count
    }

    /// A table that draws words in proportion to their count to the power of `exponent`.
    package init(counts: [Int], exponent: Double) {
        // In relation to the most frequent, so that no exponent that the configuration allows overflows.
        let most = Double(counts.max() ?? 1)
        self.init(weights: counts.map { pow(Double($0) / most, exponent) })
    }

    /// The columns, for the innermost loop; good as long as the table is.
    var columns: Columns { Columns(start: table.start, count: UInt64(count)) }

    /// One number.
    package func draw(_ random: inout RandomGenerator) -> Int { columns.number(for: random.next()) }

    /// Turns random bits into numbers.
    struct Columns {
        fileprivate let start: UnsafePointer<Column>
        fileprivate let count: UInt64

        /// The number that 64 random bits stand for.
        @inline(__always)
        func number(for bits: UInt64) -> Int {
            let number = number(ofColumnFor: bits)
            let column = start[number]
            return UInt32(truncatingIfNeeded: bits) < column.threshold ? number : Int(column.alias)
        }

        /// Where ``number(for:)`` will look, to have it brought near before.
        @inline(__always)
        func address(for bits: UInt64) -> UnsafeRawPointer { UnsafeRawPointer(start + number(ofColumnFor: bits)) }

        @inline(__always)
        private func number(ofColumnFor bits: UInt64) -> Int {
            Int(truncatingIfNeeded: ((bits >> 32) &* count) >> 32)
        }
    }
}
