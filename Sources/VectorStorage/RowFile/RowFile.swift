import Foundation
import Synchronization
import Vectors

/// What searches need of a collection's first rows, apart from their vectors and texts, in a file: ids, metadata as columns,
/// and where keys are. It is made from rows, and can be made again, as an index file can.
///
/// Opening reads the directory alone. Each other part is read when it is needed, and its checksum verified each time: a file
/// that is damaged or cut short meanwhile is an error, never a wrong answer. A row's vector, key and texts are in the
/// database, with a checksum of their own.
///
/// The rows are those of whole chunks of a ``RowTable``, in its slots, with those that are gone since.
final class RowFile: Sendable {
    static let fileExtension = "vrows"
    static let magic: [UInt8] = Array("SwVsRow1".utf8)
    /// The magic, and where the directory is.
    static let headLength = 32

    let directory: RowFileDirectory
    private let file: InputFile
    /// The columns that conditions have asked for, and the most bytes that they may take.
    private let columns: Locked<[String: MetadataColumn]> = Locked([:])
    private let columnLimit: Int

    /// - Parameters:
    ///   - record: what the catalogue says of it.
    ///   - collection: whose rows they are.
    ///   - columnLimit: the most bytes of columns that stay in memory.
    init(
        _ record: RowFileRecord,
        of collection: CollectionRecord,
        in folder: URL,
        columnLimit: Int
    ) throws(VectorError) {
        guard record.name == URL(filePath: record.name).lastPathComponent else {
            throw VectorError(.damaged, "its name is a path")
        }
        file = try InputFile(folder.appending(path: record.name))
        self.columnLimit = columnLimit
        let head = try file.bytes(0..<min(Self.headLength, file.size))
        guard head.count == Self.headLength, Array(head[..<8]) == Self.magic else {
            throw VectorError(.damaged, "it is not a row file")
        }
        var reader = ByteReader(Array(head[8...]))
        let place = RowFileDirectory.Place(
            offset: Int(clamping: try reader.number(UInt64.self)),
            length: Int(clamping: try reader.number(UInt64.self)),
            checksum: try reader.number()
        )
        guard place.checksum == record.checksum else { throw VectorError(.damaged, "it is another file") }
        directory = try RowFileDirectory(try Self.read(place, of: file))
        guard directory.collection == collection.id, directory.dimension == collection.dimension,
            directory.chunkCapacity == RowTable.chunkCapacity(dimension: collection.dimension),
            directory.digest.count == directory.count, directory.count > 0
        else { throw VectorError(.damaged, "its rows are not those of the collection") }
    }

    /// Reads a part and verifies it.
    private static func read(_ place: RowFileDirectory.Place, of file: InputFile) throws(VectorError) -> [UInt8] {
        guard place.offset >= 0, place.length >= 0, place.offset <= file.size, place.length <= file.size - place.offset
        else { throw VectorError(.damaged, "'\(file.path)' is damaged: it is too short") }
        let bytes: [UInt8]
        do throws(VectorError) {
            bytes = try file.bytes(place.offset..<place.offset + place.length)
        } catch {
            // Somebody has cut it short.
            throw error.code == .invalidFormat ? VectorError(.damaged, error.message) : error
        }
        guard bytes.withUnsafeBytes({ CRC32C.checksum($0) }) == place.checksum else {
            throw VectorError(.damaged, "'\(file.path)' is damaged: a checksum is wrong")
        }
        return bytes
    }

    func read(_ place: RowFileDirectory.Place) throws(VectorError) -> [UInt8] { try Self.read(place, of: file) }

    var count: Int { directory.count }
    var hasher: TextHasher { TextHasher(seed: directory.seed) }

    /// The id of the last row.
    var through: Int64 { count == 0 ? .min : id(count - 1) }

    func id(_ slot: Int) -> Int64 {
        let (chunk, place) = slot.quotientAndRemainder(dividingBy: directory.chunkCapacity)
        return directory.ids[chunk].id(place)
    }

    /// The column of a field; nil where no row has it.
    func column(_ name: String) throws(VectorError) -> MetadataColumn? {
        guard let places = directory.columns[name] else { return nil }
        if let column = columns.withLock({ $0[name] }) { return column }
        var column = MetadataColumn()
        for (chunk, place) in places.enumerated() {
            guard let place else { continue }
            try column.part(chunk, capacity: directory.chunkCapacity).read(try read(place))
        }
        columns.withLock { [column] columns in
            if column.memorySize > columnLimit { return }
            while columns.values.reduce(column.memorySize, { $0 + $1.memorySize }) > columnLimit,
                let other = columns.first
            {
                columns[other.key] = nil
            }
            columns[name] = column
        }
        return column
    }

    /// The slots that a key may be in: those of keys that have its hash.
    func slots(ofHash hash: UInt32) throws(VectorError) -> [Int] {
        let blocks = directory.keys
        // The last block that starts below the hash: entries of one hash may begin in it.
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].firstHash < hash { low = middle + 1 } else { high = middle }
        }
        var slots: [Int] = []
        for block in max(low - 1, 0)..<blocks.count {
            if blocks[block].firstHash > hash { break }
            for entry in try entries(ofBlock: block) where entry >> 32 == UInt64(hash) {
                let slot = Int(entry & 0xFFFF_FFFF)
                guard slot < count else { throw VectorError(.damaged, "'\(file.path)' names a row that it has not") }
                slots.append(slot)
            }
        }
        return slots
    }

    /// Entries of a hash in the upper half and a slot in the lower, ascending.
    func entries(ofBlock block: Int) throws(VectorError) -> [UInt64] {
        let bytes = try read(directory.keys[block].place)
        return bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
            }
        }
    }

    /// Reads and verifies every part.
    func verify(cancellation: Cancellation) throws(VectorError) {
        for places in directory.columns.values {
            if cancellation.isCancelled { throw .cancelled }
            var part = MetadataColumn()
            for place in places {
                if let place { try part.part(0, capacity: directory.chunkCapacity).read(try read(place)) }
            }
        }
        for block in directory.keys.indices { _ = try entries(ofBlock: block) }
    }

    /// The bytes of memory that it takes.
    var memorySize: Int {
        let ids = directory.ids.reduce(0) { $0 + 24 + 4 * ($1.offsets?.count ?? 0) }
        let places = directory.columns.values.reduce(0) { $0 + 32 * $1.count }
        let cached = columns.withLock { $0.values.reduce(0) { $0 + $1.memorySize } }
        return ids + places + 32 * directory.keys.count + cached
    }
}
