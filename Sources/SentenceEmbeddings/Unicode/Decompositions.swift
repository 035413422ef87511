internal import SentenceEmbeddingsC

/// What scalars decompose into, which pairs compose, and what lower case is; of the versions that the library has.
struct Decompositions: Sendable {
    static let shared = Decompositions()

    /// For each scalar the place of its head in the table + 1; 0 if it does not decompose.
    private var canonical = [UInt16](repeating: 0, count: Self.limit)
    private var compatible = [UInt16](repeating: 0, count: Self.limit)
    private var table: [UInt32]
    /// The composite of a pair, whose halves make one number.
    private var composites: [UInt64: UInt32] = [:]

    /// No scalar from here on decomposes.
    private static let limit = 0x30000

    private init() {
        var count: Int32 = 0
        let start = unicode_decompositions(&count)
        table = Array(UnsafeBufferPointer(start: start, count: Int(count)))
        var composing: [(scalar: UInt32, scalars: ArraySlice<UInt32>)] = []
        var place = 0
        while place < table.count {
            let (head, end) = (table[place], place + 1 + Int(table[place] >> 21 & 0x1FF))
            let scalar = Int(head & 0x1F_FFFF)
            compatible[scalar] = UInt16(place + 1)
            if head >> 31 == 0 { canonical[scalar] = UInt16(place + 1) }
            if head >> 30 & 1 == 1 { composing.append((UInt32(scalar), table[place + 1..<end])) }
            place = end
        }
        // Short ones first: a long one is the composite of all but its last scalar, and that scalar.
        for (scalar, scalars) in composing.sorted(by: { $0.scalars.count < $1.scalars.count }) {
            guard let first = scalars.first, let last = scalars.last else { continue }
            let before = scalars.dropFirst().dropLast().reduce(first) { composites[Self.pair($0, $1)] ?? 0 }
            composites[Self.pair(before, last)] = scalar
        }
    }

    /// Calls `body` with each scalar that a scalar decomposes into; with itself if it doesn't.
    @inline(__always)
    func forEach(of scalar: UInt32, compatibly: Bool, _ body: (UInt32) -> Void) {
        let syllable = scalar &- Hangul.syllables
        if syllable < Hangul.count {
            body(Hangul.leading + syllable / (Hangul.vowelCount * Hangul.trailingCount))
            body(Hangul.vowels + syllable / Hangul.trailingCount % Hangul.vowelCount)
            if syllable % Hangul.trailingCount > 0 { body(Hangul.beforeTrailing + syllable % Hangul.trailingCount) }
            return
        }
        guard scalar < Self.limit else { return body(scalar) }
        let place = Int(compatibly ? compatible[Int(scalar)] : canonical[Int(scalar)])
        guard place > 0 else { return body(scalar) }
        for offset in 0..<Int(table[place - 1] >> 21 & 0x1FF) { body(table[place + offset]) }
    }

    /// The scalar that two compose to; nil if they don't.
    func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let (lead, vowel) = (first &- Hangul.leading, second &- Hangul.vowels)
        if lead < Hangul.leadingCount, vowel < Hangul.vowelCount {
            return Hangul.syllables + (lead * Hangul.vowelCount + vowel) * Hangul.trailingCount
        }
        let (syllable, trail) = (first &- Hangul.syllables, second &- Hangul.beforeTrailing)
        if syllable < Hangul.count, syllable % Hangul.trailingCount == 0, trail > 0, trail < Hangul.trailingCount {
            return first + trail
        }
        return composites[Self.pair(first, second)]
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// Hangul syllables are composed by arithmetic (Unicode 3.12).
    private enum Hangul {
        static let (syllables, leading, vowels): (UInt32, UInt32, UInt32) = (0xAC00, 0x1100, 0x1161)
        /// The scalar before the first trailing consonant.
        static let beforeTrailing: UInt32 = 0x11A7
        static let (leadingCount, vowelCount, trailingCount): (UInt32, UInt32, UInt32) = (19, 21, 28)
        static let count = leadingCount * vowelCount * trailingCount
    }
}
