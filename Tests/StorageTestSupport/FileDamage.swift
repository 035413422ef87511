package import Foundation
package import TestSupport

/// What may happen to a file at rest.
package enum FileDamage: CaseIterable, Sendable {
    case flippedBit
    case flippedByte
    case truncation
    case zeroedSector
    case swappedSectors
    case appendedBytes

    /// Does it to a file, at a place that the generator chooses.
    package func apply(to url: URL, using random: inout SplitMix64) throws {
        var bytes = [UInt8](try Data(contentsOf: url))
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let sectors = max(1, bytes.count / 512)
        func sector() -> Range<Int> {
            let start = 512 * Int.random(in: 0..<sectors, using: &random)
            return start..<min(start + 512, bytes.count)
        }
        switch self {
        case .flippedBit: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case .flippedByte: bytes[place] ^= UInt8.random(in: 1...255, using: &random)
        case .truncation: bytes.removeSubrange(place...)
        case .zeroedSector: for place in sector() { bytes[place] = 0 }
        case .swappedSectors:
            let (first, second) = (sector(), sector())
            guard first.count == second.count else { return }
            for (a, b) in zip(first, second) { bytes.swapAt(a, b) }
        case .appendedBytes:
            bytes += (0..<Int.random(in: 1...2000, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next())
            }
        }
        try Data(bytes).write(to: url)
    }
}
