internal import Word2VecC

/// Distinct words, numbered in the order in which they came, found again by their bytes.
///
/// Words are compared by their UTF-8 bytes, not as `String` compares, which takes "é" and "e" with an accent for the
/// same: other tools' files hold both as words of their own.
///
/// Open addressing with linear probing. What is compared of most words lies in their record: a look up touches two
/// places in memory, the slot and the record, and both can be asked for ahead.
package struct WordTable: Sendable {
    /// What a word looks like to a comparison.
    private struct Record {
        /// The first 16 bytes, zeros behind a shorter word.
        var low: UInt64
        var high: UInt64
        var length: Int
        /// Where the bytes of a word of more than 16 lie in `longWords`.
        var start: Int
    }

    /// A word made ready to be looked up.
    struct Key {
        fileprivate var low: UInt64
        fileprivate var high: UInt64
        fileprivate var hash: UInt64
        fileprivate var bytes: UnsafePointer<UInt8>
        fileprivate var length: Int
    }

    /// The bytes that must be readable from a word's first on, for ``key(_:_:)``.
    static let readAhead = 16
    /// Stands for the number of a word that is not there.
    static let missing = UInt32.max

    private var records: [Record] = []
    private var longWords: [UInt8] = []
    /// 0 if free, else the upper half of the word's hash and, in the lower half, its number + 1.
    private var slots = [UInt64](repeating: 0, count: 16)
    /// A copy at hand of ``processSeed``.
    private let seed = Self.processSeed

    /// Another start for every process, so that no file can be made whose words all collide.
    private static let processSeed = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

    package init() {}

    /// The number of words.
    package var count: Int { records.count }

    /// About the bytes of memory that the table takes: 32 a word for the record and 16 for the slots, both with room to
    /// grow, and the bytes of long words.
    var memory: Int { count * 72 + longWords.count * 2 }

    /// The word with this number.
    package subscript(number: Int) -> String {
        withBytes(of: number) { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of the word with this number.
    func length(of number: Int) -> Int { records[number].length }

    /// Writes the bytes of a word and gives their number.
    func copy(_ number: Int, to place: UnsafeMutablePointer<UInt8>) -> Int {
        withBytes(of: number) { bytes in
            if let start = bytes.baseAddress { place.update(from: start, count: bytes.count) }
            return bytes.count
        }
    }

    // MARK: One word

    /// The number of this word, or nil.
    package func find(_ word: String) -> Int? {
        var word = word
        return word.withUTF8 { find($0) }
    }

    /// The number of the word with these bytes, or nil.
    package func find(_ word: UnsafeBufferPointer<UInt8>) -> Int? {
        let found = withKey(word) { key -> UInt32 in number(at: slot(of: key)) }
        return found == Self.missing ? nil : Int(found)
    }

    /// The number of this word, which is added if it is new.
    package mutating func insert(_ word: String) -> (number: Int, isNew: Bool) {
        var word = word
        return word.withUTF8 { insert($0) }
    }

    /// The number of the word with these bytes, which is added if it is new.
    package mutating func insert(_ word: UnsafeBufferPointer<UInt8>) -> (number: Int, isNew: Bool) {
        let known = count
        let number = withKey(word) { key -> Int in insert(key) }
        return (number, number == known)
    }

    /// The number of the word with these bytes, which is added if it is new, its invalid UTF-8 repaired.
    mutating func insertRepaired(_ word: UnsafeBufferPointer<UInt8>) -> Int {
        guard word.contains(where: { $0 >= 0x80 }) else { return insert(word).number }
        return insert(String(decoding: word, as: UTF8.self)).number
    }

    /// Adds the words of another table that are not here yet; the number here of each word there.
    mutating func insert(_ other: WordTable, _ number: Int) -> Int {
        other.withBytes(of: number) { word -> Int in insert(word).number }
    }

    // MARK: Many words

    /// The key of the word at `bytes`, from where on ``readAhead`` bytes and the word can be read.
    @inline(__always)
    func key(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Key {
        let raw = UnsafeRawPointer(bytes)
        // Shifts by 64 give 0, which leaves nothing of a half that the word doesn't reach.
        let lowBits = 8 * min(length, 8)
        let highBits = 8 * min(max(length - 8, 0), 8)
        let low = raw.loadUnaligned(as: UInt64.self) & .max >> UInt64(64 - lowBits)
        let high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self) & .max >> UInt64(64 - highBits)
        var hash = Self.mix(low ^ seed.0, high ^ seed.1)
        if length > 16 {
            for offset in stride(from: 16, to: length - 8, by: 8) {
                hash = Self.mix(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), seed.1)
            }
            hash = Self.mix(hash ^ raw.loadUnaligned(fromByteOffset: length - 8, as: UInt64.self), seed.1)
        }
        return Key(low: low, high: high, hash: hash, bytes: bytes, length: length)
    }

    /// Looks up many words side by side, so that the waits for memory overlap: the number of each, or ``missing``.
    @inline(__always)
    func find(_ keys: UnsafeBufferPointer<Key>, _ numbers: UnsafeMutablePointer<UInt32>) {
        let mask = slots.count - 1
        slots.withUnsafeBufferPointer { slots in
            records.withUnsafeBufferPointer { records in
                for key in keys { text_prefetch(slots.baseAddress! + Int(truncatingIfNeeded: key.hash) & mask) }
                guard let first = records.baseAddress else {
                    return numbers.update(repeating: Self.missing, count: keys.count)
                }
                for index in keys.indices {
                    // The first word with the same half of the hash: almost surely it is this one.
                    let hash = keys[index].hash
                    var place = Int(truncatingIfNeeded: hash) & mask
                    while slots[place] != 0, (slots[place] ^ hash) >> 32 != 0 { place = (place + 1) & mask }
                    numbers[index] = number(at: slots[place])
                    if numbers[index] != Self.missing { text_prefetch(first + Int(numbers[index])) }
                }
            }
        }
        for index in keys.indices where numbers[index] != Self.missing {
            if !isEqual(keys[index], Int(numbers[index])) { numbers[index] = number(at: slot(of: keys[index])) }
        }
    }

    // MARK: Slots

    private mutating func insert(_ key: Key) -> Int {
        var place = slot(of: key)
        if slots[place] != 0 { return Int(number(at: place)) }
        if (count + 1) * 2 > slots.count {
            grow()
            place = slot(of: key)
        }
        records.append(Record(low: key.low, high: key.high, length: key.length, start: longWords.count))
        if key.length > 16 { longWords.append(contentsOf: UnsafeBufferPointer(start: key.bytes, count: key.length)) }
        slots[place] = key.hash & ~0xFFFF_FFFF | UInt64(count)
        return count - 1
    }

    @inline(__always)
    private func number(at place: Int) -> UInt32 { number(at: slots[place]) }

    /// The number in a slot; a free one's 0 becomes ``missing``.
    @inline(__always)
    private func number(at slot: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: slot) &- 1 }

    /// The slot that holds the word, or the free one where it belongs.
    private func slot(of key: Key) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: key.hash) & mask
        while slots[place] != 0 {
            if (slots[place] ^ key.hash) >> 32 == 0, isEqual(key, Int(number(at: place))) { break }
            place = (place + 1) & mask
        }
        return place
    }

    @inline(__always)
    private func isEqual(_ key: Key, _ number: Int) -> Bool {
        let record = records[number]
        guard record.low == key.low, record.high == key.high, record.length == key.length else { return false }
        return key.length <= 16
            || withBytes(of: number) { $0.elementsEqual(UnsafeBufferPointer(start: key.bytes, count: key.length)) }
    }

    private mutating func grow() {
        slots = [UInt64](repeating: 0, count: slots.count * 2)
        for number in 0..<count {
            let hash = withBytes(of: number) { word -> UInt64 in withKey(word) { key -> UInt64 in key.hash } }
            var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = hash & ~0xFFFF_FFFF | UInt64(number + 1)
        }
    }

    /// Calls `body` with the bytes of a word.
    func withBytes<Result>(of number: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let record = records[number]
        if record.length > 16 {
            return longWords.withUnsafeBufferPointer {
                body(UnsafeBufferPointer(rebasing: $0[record.start..<record.start + record.length]))
            }
        }
        return withUnsafeBytes(of: (record.low, record.high)) { raw in
            raw.withMemoryRebound(to: UInt8.self) { body(UnsafeBufferPointer(rebasing: $0[..<record.length])) }
        }
    }

    /// Calls `body` with the key of a word behind which nothing may be readable.
    @inline(__always)
    private func withKey<Result>(_ word: UnsafeBufferPointer<UInt8>, _ body: (Key) -> Result) -> Result {
        if word.count > 16 { return body(key(word.baseAddress!, word.count)) }
        var padded = (UInt64(0), UInt64(0))
        return withUnsafeMutableBytes(of: &padded) { raw in
            raw.copyMemory(from: UnsafeRawBufferPointer(word))
            return raw.withMemoryRebound(to: UInt8.self) { body(key($0.baseAddress!, word.count)) }
        }
    }

    @inline(__always)
    private static func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }
}
