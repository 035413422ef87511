/// Random numbers that a seed decides, for samples and small noise: SplitMix64 (Steele, Lea, Flood 2014,
/// doi:10.1145/2660193.2660195).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A point with coordinates from −1 to 1.
    mutating func nextPoint() -> SIMD2<Float> {
        let bits: UInt64 = next()
        let halves = SIMD2(UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
        return SIMD2<Float>(halves) * 0x1p-31 - 1
    }
}
