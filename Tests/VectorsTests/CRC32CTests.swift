import TestSupport
import Testing
import Vectors
import VectorsC

@Suite("CRC-32C")
struct CRC32CTests {
    private func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32C.checksum($0) } }

    @Test("The check value of RFC 3720 and lengths around the eight-byte step")
    func knownValues() {
        #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(checksum([]) == 0)
        #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    }

    @Test("Pieces of any length come to the same as the whole", arguments: 1...20 as ClosedRange<UInt64>)
    func pieces(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let bytes = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var crc = CRC32C()
        var start = 0
        while start < bytes.count {
            let end = min(start + Int.random(in: 0...40, using: &random), bytes.count)
            bytes[start..<end].withUnsafeBytes { crc.update($0) }
            start = end
        }
        #expect(crc.value == checksum(bytes))
    }

    @Test("The instruction and the table agree, from any byte on, for any length")
    func instructionAndTable() {
        var random = SplitMix64(seed: 7)
        let bytes = (0..<600).map { _ in UInt8.random(in: 0...255, using: &random) }
        for start in 0..<9 {
            for end in start...bytes.count {
                bytes[start..<end].withUnsafeBytes { bytes in
                    guard let address = bytes.baseAddress else { return }
                    let state = UInt32(truncatingIfNeeded: random.next())
                    let byTable = crc32c_update_by_table(state, address, bytes.count)
                    #expect(crc32c_update(state, address, bytes.count) == byTable)
                }
            }
        }
    }

    @Test("They agree where the instruction works in three places at a time", arguments: [1, 2, 3] as [UInt64])
    func longRuns(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let bytes = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        for length in [3071, 3072, 3073, 6143, 6144, 9999, 20_000 - 9] + (0..<50).map({ 3000 + 200 * $0 }) {
            let start = Int.random(in: 0..<9, using: &random)
            bytes[start..<start + length].withUnsafeBytes { bytes in
                let state = UInt32(truncatingIfNeeded: random.next())
                let byTable = crc32c_update_by_table(state, bytes.baseAddress!, length)
                #expect(crc32c_update(state, bytes.baseAddress!, length) == byTable, "\(length) bytes")
            }
        }
    }

    @Test("Every flipped bit shows")
    func flippedBits() {
        let bytes = [UInt8](0..<100)
        let right = checksum(bytes)
        for bit in 0..<800 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(checksum(flipped) != right)
        }
    }
}
