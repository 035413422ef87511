import Vectors

/// What a row file has where: all of it that stays in memory while the file is open.
struct RowFileDirectory: Sendable {
    /// The part of a file that holds something, and its checksum.
    struct Place: Sendable {
        var offset: Int
        var length: Int
        var checksum: UInt32
    }

    /// The ids of a chunk's rows.
    struct IDs: Sendable {
        let first: Int64
        /// What is to be added to the first; nil where they follow each other.
        let offsets: [UInt32]?

        init(first: Int64, offsets: [UInt32]?) {
            self.first = first
            self.offsets = offsets
        }

        init(_ ids: UnsafeBufferPointer<Int64>) throws(VectorError) {
            first = ids[0]
            let span = ids[ids.count - 1] - ids[0]
            guard span <= Int64(UInt32.max) else {
                throw VectorError(.tooLarge, "the ids of \(ids.count) rows span \(span), more than \(UInt32.max)")
            }
            offsets = span == ids.count - 1 ? nil : ids.map { UInt32($0 - ids[0]) }
        }

        func id(_ place: Int) -> Int64 { first + Int64(offsets?[place] ?? UInt32(place)) }
    }

    var collection: Int64
    var dimension: Int
    /// The seed of all hashes.
    var seed: UInt64
    var chunkCapacity: Int
    /// Of all rows of the file, those included that are gone since.
    var digest = RowDigest()
    /// A chunk an element.
    var ids: [IDs] = []
    /// Where the parts of the columns are; nil where no row of the chunk has the field.
    var columns: [String: [Place?]] = [:]
    /// Blocks of entries of hashes and slots, ascending, each with the hash of its first.
    var keys: [(place: Place, firstHash: UInt32)] = []

    var count: Int { ids.count * chunkCapacity }
}

extension RowFileDirectory {
    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.append(collection)
        writer.append(Int64(dimension))
        writer.append(seed)
        writer.append(Int64(chunkCapacity))
        writer.append(Int64(digest.count))
        writer.append(digest.sum)
        writer.append(UInt64(ids.count))
        for chunk in ids {
            writer.append(chunk.first)
            writer.append(UInt8(chunk.offsets == nil ? 0 : 1))
            for offset in chunk.offsets ?? [] { writer.append(offset) }
        }
        func append(_ place: Place) {
            writer.append(UInt64(place.offset))
            writer.append(UInt32(place.length))
            writer.append(place.checksum)
        }
        writer.append(UInt64(columns.count))
        for (name, places) in columns.sorted(by: { $0.key < $1.key }) {
            writer.append(name)
            writer.append(UInt64(places.count))
            for place in places { append(place ?? Place(offset: 0, length: 0, checksum: 0)) }
        }
        writer.append(UInt64(keys.count))
        for (place, firstHash) in keys {
            append(place)
            writer.append(firstHash)
        }
        return writer.bytes
    }

    init(_ bytes: [UInt8]) throws(VectorError) {
        var reader = ByteReader(bytes)
        collection = try reader.number()
        dimension = Int(try reader.number(Int64.self))
        seed = try reader.number()
        chunkCapacity = Int(try reader.number(Int64.self))
        digest = RowDigest(count: Int(try reader.number(Int64.self)), sum: try reader.number())
        guard (1...1 << 20).contains(chunkCapacity), dimension > 0 else {
            throw VectorError(.damaged, "it has chunks of \(chunkCapacity) rows")
        }
        for _ in 0..<(try reader.count(ofSize: 9)) {
            let first = try reader.number(Int64.self)
            guard try reader.number(UInt8.self) == 1 else {
                ids.append(IDs(first: first, offsets: nil))
                continue
            }
            var offsets: [UInt32] = []
            offsets.reserveCapacity(chunkCapacity)
            for _ in 0..<chunkCapacity { offsets.append(try reader.number()) }
            ids.append(IDs(first: first, offsets: offsets))
        }
        func place() throws(VectorError) -> Place {
            let offset = try reader.number(UInt64.self)
            return Place(
                offset: Int(clamping: offset),
                length: Int(try reader.number(UInt32.self)),
                checksum: try reader.number()
            )
        }
        for _ in 0..<(try reader.count(ofSize: 12)) {
            let name = try reader.text()
            var places: [Place?] = []
            for _ in 0..<(try reader.count(ofSize: 16)) {
                let place = try place()
                places.append(place.length == 0 ? nil : place)
            }
            columns[name] = places
        }
        for _ in 0..<(try reader.count(ofSize: 20)) { keys.append((try place(), try reader.number())) }
        guard reader.isAtEnd else { throw VectorError(.damaged, "it is longer than it says") }
    }
}
