/// Distinct words, numbered in the order in which they came, found again by their bytes.
///
/// Words are compared by their UTF-8 bytes, not as `String` compares, which takes "é" and "e" with an accent for the
/// same: other tools' files hold both as words of their own. Open addressing with linear probing; the bytes of all
/// words lie in one block.
package struct WordTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each word ends in `bytes`.
    private var ends: [Int] = []
    /// 0 if free, else the upper half of the word's hash and, in the lower half, its number + 1.
    private var slots = [UInt64](repeating: 0, count: 16)

    package init() {}

    /// The number of words.
    package var count: Int { ends.count }

    /// The number of the word with these bytes, or nil.
    package func find(_ word: UnsafeBufferPointer<UInt8>) -> Int? {
        let slot = slots[position(of: word, hash: Self.hash(word))]
        return slot == 0 ? nil : Int(slot & 0xFFFF_FFFF) - 1
    }

    /// The number of a word that may hold invalid UTF-8, which the table holds repaired; or nil.
    package func findRepaired(_ word: UnsafeBufferPointer<UInt8>) -> Int? {
        if let number = find(word) { return number }
        guard word.contains(where: { $0 >= 0x80 }) else { return nil }
        return find(String(decoding: word, as: UTF8.self))
    }

    /// The number of this word, or nil.
    package func find(_ word: String) -> Int? {
        var word = word
        return word.withUTF8 { find($0) }
    }

    /// The number of the word with these bytes, which is added if it is new, its invalid UTF-8 repaired.
    package mutating func insertRepaired(_ word: UnsafeBufferPointer<UInt8>) -> Int {
        if let number = find(word) { return number }
        guard word.contains(where: { $0 >= 0x80 }) else { return insert(word).number }
        var repaired = String(decoding: word, as: UTF8.self)
        return repaired.withUTF8 { insert($0).number }
    }

    /// The number of the word with these bytes, which is added if it is new.
    package mutating func insert(_ word: UnsafeBufferPointer<UInt8>) -> (number: Int, isNew: Bool) {
        let hash = Self.hash(word)
        var place = position(of: word, hash: hash)
        if slots[place] != 0 { return (Int(slots[place] & 0xFFFF_FFFF) - 1, false) }
        if (count + 1) * 2 > slots.count {
            grow()
            place = position(of: word, hash: hash)
        }
        bytes.append(contentsOf: word)
        ends.append(bytes.count)
        slots[place] = hash & ~0xFFFF_FFFF | UInt64(count)
        return (count - 1, true)
    }

    /// The number of this word, which is added if it is new.
    package mutating func insert(_ word: String) -> (number: Int, isNew: Bool) {
        var word = word
        return word.withUTF8 { insert($0) }
    }

    /// The word with this number.
    package subscript(number: Int) -> String {
        withBytes(of: number) { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the bytes of one word come before those of another.
    package func precedes(_ first: Int, _ second: Int) -> Bool {
        withBytes(of: first) { first in withBytes(of: second) { second in first.lexicographicallyPrecedes(second) } }
    }

    /// How many bytes one more word, with all tables twice as large, would take.
    package var bytesWhenGrown: Int { (bytes.capacity + ends.capacity * 8 + slots.count * 8) * 2 }

    private func withBytes<Result>(of number: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            body(UnsafeBufferPointer(rebasing: bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]]))
        }
    }

    /// The slot that holds the word, or the free one where it belongs.
    private func position(of word: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0 {
            if slots[place] >> 32 == hash >> 32 {
                let number = Int(slots[place] & 0xFFFF_FFFF) - 1
                if withBytes(of: number, { $0.elementsEqual(word) }) { break }
            }
            place = (place + 1) & mask
        }
        return place
    }

    private mutating func grow() {
        slots = [UInt64](repeating: 0, count: slots.count * 2)
        for number in 0..<count {
            let hash = withBytes(of: number) { Self.hash($0) }
            var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = hash & ~0xFFFF_FFFF | UInt64(number + 1)
        }
    }

    /// Another start for every process, so that no file can be made whose words all collide.
    private static let hashSeed = UInt64.random(in: .min ... .max)

    private static func hash(_ word: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = hashSeed ^ UInt64(word.count)
        let raw = UnsafeRawBufferPointer(word)
        var offset = 0
        while raw.count - offset >= 8 {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < raw.count {
            rest = rest << 8 | UInt64(raw[offset])
            offset += 1
        }
        return mix(hash ^ rest)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}
