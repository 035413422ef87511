import Vectors

/// The pieces of a vocabulary and their ids, found by each other.
///
/// Pieces are compared by their UTF-8 bytes, not as `String` compares, which takes "é" in one scalar and in two for the
/// same. Open addressing with linear probing.
struct PieceTable: Sendable {
    /// The largest id.
    static let maximumID = Int(Int32.max) - 1

    private var bytes: [UInt8] = []
    /// Where each piece ends in `bytes`; pieces are numbered in the order in which they came.
    private var ends: [Int] = []
    private var ids: [Int32] = []
    /// 0 if free, else the upper half of the piece's hash and, in the lower half, its number + 1.
    private var slots: [UInt64]
    private let seed = Self.processSeed

    /// Another start for every process, so that no file can be made whose pieces all collide.
    private static let processSeed = UInt64.random(in: .min ... .max)

    /// Makes an empty table with room for some pieces.
    init(reservingFor count: Int = 0) {
        var size = 16
        while size < count * 2 { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        ends.reserveCapacity(count)
        ids.reserveCapacity(count)
    }

    /// The number of pieces.
    var count: Int { ends.count }

    /// The largest id; -1 if there are no pieces.
    var largestID: Int32 { ids.max() ?? -1 }

    /// The id of these bytes; nil if they are no piece.
    @inline(__always)
    func id(of piece: UnsafeBufferPointer<UInt8>) -> Int32? {
        let number = number(at: slot(of: piece, hash(piece)))
        return number < 0 ? nil : ids[number]
    }

    /// The id of this text; nil if it is no piece.
    func id(of piece: String) -> Int32? {
        var piece = piece
        return piece.withUTF8 { id(of: $0) }
    }

    /// The piece with this id, the last of several; nil if there is none. Goes through all pieces.
    func piece(of id: Int32) -> [UInt8]? {
        ids.lastIndex(of: id).map { Array(bytes[range($0)]) }
    }

    /// Adds a piece, or gives a known one another id.
    mutating func insert(_ piece: UnsafeBufferPointer<UInt8>, id: Int32) {
        let hash = hash(piece)
        var place = slot(of: piece, hash)
        let known = number(at: place)
        if known >= 0 {
            ids[known] = id
            return
        }
        if (count + 1) * 2 > slots.count {
            grow()
            place = slot(of: piece, hash)
        }
        bytes.append(contentsOf: piece)
        ends.append(bytes.count)
        ids.append(id)
        slots[place] = hash & ~0xFFFF_FFFF | UInt64(count)
    }

    /// Calls `body` with each piece and its id.
    func forEach<Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>, Int32) throws(Failure) -> Void
    ) throws(Failure) {
        try bytes.withUnsafeBufferPointer { bytes throws(Failure) in
            for number in ends.indices { try body(UnsafeBufferPointer(rebasing: bytes[range(number)]), ids[number]) }
        }
    }

    // MARK: Slots

    private func range(_ number: Int) -> Range<Int> { (number == 0 ? 0 : ends[number - 1])..<ends[number] }

    /// The number of the piece in a slot; -1 for a free one.
    @inline(__always)
    private func number(at place: Int) -> Int { Int(slots[place] & 0xFFFF_FFFF) - 1 }

    /// The slot that holds the piece, or the free one where it belongs.
    @inline(__always)
    private func slot(of piece: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0 {
            if (slots[place] ^ hash) >> 32 == 0, isEqual(piece, number(at: place)) { break }
            place = (place + 1) & mask
        }
        return place
    }

    private func isEqual(_ piece: UnsafeBufferPointer<UInt8>, _ number: Int) -> Bool {
        let range = range(number)
        guard range.count == piece.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for offset in 0..<piece.count where bytes[range.lowerBound + offset] != piece[offset] { return false }
            return true
        }
    }

    private mutating func grow() {
        slots = [UInt64](repeating: 0, count: slots.count * 2)
        bytes.withUnsafeBufferPointer { bytes in
            for number in ends.indices {
                let hash = hash(UnsafeBufferPointer(rebasing: bytes[range(number)]))
                var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
                while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
                slots[place] = hash & ~0xFFFF_FFFF | UInt64(number + 1)
            }
        }
    }

    @inline(__always)
    private func hash(_ piece: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(piece)
        var hash = seed ^ UInt64(piece.count)
        var position = 0
        while position + 8 <= raw.count {
            hash = Self.mix(hash ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            position += 8
        }
        var rest: UInt64 = 0
        while position < raw.count {
            rest = rest << 8 | UInt64(raw[position])
            position += 1
        }
        return Self.mix(hash ^ rest)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
