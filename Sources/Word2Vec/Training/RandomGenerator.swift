/// A fast generator of the wyrand kind (one multiplication a number), started from a seed and the numbers of what it
/// is for, so that each passage of each epoch draws its own numbers, whoever works on it.
package struct RandomGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64, _ purpose: Int...) {
        state = Self.mix(seed, 0x9E37_79B9_7F4A_7C15)
        for number in purpose {
            state = Self.mix(state ^ UInt64(truncatingIfNeeded: number), 0xD6E8_FEB8_6659_FD93) &+ seed
        }
    }

    /// 64 random bits.
    @inline(__always)
    package mutating func next() -> UInt64 {
        state &+= 0xA076_1D64_78BD_642F
        let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }

    /// A number from 0 to `bound` − 1. Uneven by at most `bound` / 2³².
    @inline(__always)
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(truncatingIfNeeded: bound)) >> 32)
    }

    /// A number from 0 to just below 1, a multiple of 2⁻²⁴.
    @inline(__always)
    package mutating func unit() -> Float {
        Float(next() >> 40) * 0x1p-24
    }

    private static func mix(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = (value ^ 0xC2B2_AE3D_27D4_EB4F).multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}
