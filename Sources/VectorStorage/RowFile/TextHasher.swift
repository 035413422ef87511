import Foundation
import Vectors

/// 64-bit hashes of texts that are the same in every process, unlike Swift's own: those of a row file outlive the process.
///
/// The seed is the collection's secret, so that nobody can choose texts that share a hash.
struct TextHasher: Sendable {
    let seed: UInt64
    private let factors: (UInt64, UInt64)

    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        factors = (SeededGenerator.mixed(seed &+ 1), SeededGenerator.mixed(seed &+ 2))
    }

    /// Of strings that Swift takes for equal: `é` as one character and as two have the same.
    func hash(_ text: String) -> Int64 {
        hash(bytes: text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping)
    }

    /// Of keys, which are equal if their bytes are. The lower half is left for the number of a row.
    func hash(_ key: VectorKey) -> UInt32 {
        UInt32(truncatingIfNeeded: UInt64(bitPattern: hash(bytes: key.text)) >> 32)
    }

    /// Of a text by its bytes.
    func hash(bytes text: String) -> Int64 {
        var text = text
        return Int64(bitPattern: text.withUTF8 { hash(UnsafeRawBufferPointer($0)) })
    }

    private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = seed ^ UInt64(bytes.count)
        var place = 0
        while place + 8 <= bytes.count {
            state = mixed(state, bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian)
            place += 8
        }
        var rest: UInt64 = 0
        for (number, byte) in bytes[place...].enumerated() { rest |= UInt64(byte) << UInt64(8 * number) }
        return SeededGenerator.mixed(mixed(state, rest))
    }

    private func mixed(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ factors.0).multipliedFullWidth(by: word ^ factors.1)
        // Rotated, so that nothing is lost of a state whose product is zero.
        return product.high ^ product.low ^ (state << 23 | state >> 41)
    }
}
