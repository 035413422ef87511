/// Small noise (SplitMix64, Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195).
struct Noise {
    var seed: UInt64

    /// A point with coordinates from −1 to 1.
    mutating func next() -> SIMD2<Float> {
        seed &+= 0x9E37_79B9_7F4A_7C15
        var mixed = seed
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        let halves = SIMD2(UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed >> 32))
        return SIMD2<Float>(halves) * 0x1p-31 - 1
    }
}
