import TestSupport
import Testing
import VectorsC

@Suite struct CellsTests {
    /// Cells of two kinds, about as often inside a range as outside, as one kernel and as a loop compares them.
    @Test("Cells in a range are found whatever their number", arguments: [0, 1, 63, 64, 65, 1000])
    func matches(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        let kinds = (0..<count).map { _ in UInt8.random(in: 3...4, using: &random) }
        let integers: [Int64] = [.min, -7, -1, 0, 1, 7, .max]
        let doubles: [Double] = [-.infinity, -1, -0.0, 0, .leastNonzeroMagnitude, 1, .infinity, .nan]
        let whole = (0..<count).map { _ in integers.randomElement(using: &random) ?? 0 }
        let real = (0..<count).map { _ in doubles.randomElement(using: &random) ?? 0 }
        // Bits that are set already stay.
        let before = [UInt64](repeating: 1, count: count / 64 + 1)
        for low in integers {
            for high in integers {
                var words = before
                cells_match_integers(kinds, whole, count, 3, low, high, &words)
                #expect(
                    words == marked(before, count) { kinds[$0] == 3 && low <= whole[$0] && whole[$0] <= high },
                    "from \(low) to \(high)"
                )
            }
        }
        let bits = real.map { Int64(bitPattern: $0.bitPattern) }
        for low in doubles {
            for high in doubles {
                var words = before
                cells_match_doubles(kinds, bits, count, 4, low, high, &words)
                #expect(
                    words == marked(before, count) { kinds[$0] == 4 && low <= real[$0] && real[$0] <= high },
                    "from \(low) to \(high)"
                )
            }
        }
    }

    private func marked(_ words: [UInt64], _ count: Int, _ isMarked: (Int) -> Bool) -> [UInt64] {
        var words = words
        for place in 0..<count where isMarked(place) { words[place / 64] |= 1 << UInt64(place % 64) }
        return words
    }
}
