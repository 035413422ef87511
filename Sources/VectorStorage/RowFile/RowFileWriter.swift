import Foundation
import Vectors

/// Writes a row file: the chunks of another one, then chunks of rows in memory.
struct RowFileWriter {
    /// Entries a block of keys: 4 KiB.
    private static let entriesPerBlock = 512

    private let file: AtomicFile
    private let previous: RowFile?
    private var directory: RowFileDirectory
    private var offset = RowFile.headLength
    /// The keys of the new chunks, as ``RowFile/entries(ofBlock:)`` has them.
    private var entries: [UInt64] = []

    /// - Parameter table: whose filed rows, if it has any, are the first ones.
    init(_ url: URL, collection: Int64, continuing table: RowTable) throws(VectorError) {
        file = try AtomicFile(replacing: url)
        previous = table.filed?.file
        directory = RowFileDirectory(
            collection: collection,
            dimension: table.dimension,
            seed: table.hasher.seed,
            chunkCapacity: table.chunkCapacity
        )
        try file.write([UInt8](repeating: 0, count: RowFile.headLength))
        guard let previous else { return }
        directory.ids = previous.directory.ids
        directory.digest = previous.directory.digest
        for (name, places) in previous.directory.columns {
            var copied: [RowFileDirectory.Place?] = []
            for place in places {
                copied.append(try place.map { place throws(VectorError) in try add(previous.read(place)) })
            }
            directory.columns[name] = copied
        }
    }

    private mutating func add(_ bytes: [UInt8]) throws(VectorError) -> RowFileDirectory.Place {
        try file.write(bytes)
        defer { offset += bytes.count }
        return RowFileDirectory.Place(
            offset: offset,
            length: bytes.count,
            checksum: bytes.withUnsafeBytes { CRC32C.checksum($0) }
        )
    }

    /// Adds a full chunk.
    ///
    /// - Parameter parts: of each field's column, the part of this chunk.
    mutating func append(
        _ chunk: RowTable.Chunk,
        parts: some Sequence<(name: String, part: MetadataColumn.Part)>,
        hasher: TextHasher
    ) throws(VectorError) {
        let capacity = directory.chunkCapacity
        let number = directory.ids.count
        directory.ids.append(try RowFileDirectory.IDs(UnsafeBufferPointer(start: chunk.ids, count: capacity)))
        for place in 0..<capacity {
            directory.digest.insert(id: chunk.ids[place], checksum: chunk.checksums[place])
            entries.append(UInt64(hasher.hash(chunk.keys[place])) << 32 | UInt64(number * capacity + place))
        }
        for (name, part) in parts {
            let place = try add(part.bytes)
            var places = directory.columns[name] ?? []
            while places.count < number { places.append(nil) }
            places.append(place)
            directory.columns[name] = places
        }
    }

    /// Completes the file, which is on the disk when this returns.
    ///
    /// - Returns: the checksum of its directory.
    mutating func commit() throws(VectorError) -> UInt32 {
        entries.sort()
        var new = entries[...]
        var block: [UInt64] = []
        func write(_ entry: UInt64) throws(VectorError) {
            block.append(entry)
            if block.count == Self.entriesPerBlock { try writeBlock() }
        }
        func writeBlock() throws(VectorError) {
            guard let first = block.first else { return }
            var writer = ByteWriter()
            for entry in block { writer.append(entry) }
            directory.keys.append((try add(writer.bytes), UInt32(first >> 32)))
            block.removeAll(keepingCapacity: true)
        }
        if let previous {
            for number in previous.directory.keys.indices {
                for old in try previous.entries(ofBlock: number) {
                    while let next = new.first, next < old {
                        try write(next)
                        new.removeFirst()
                    }
                    try write(old)
                }
            }
        }
        for entry in new { try write(entry) }
        try writeBlock()
        let place = try add(directory.bytes)
        var head = ByteWriter()
        RowFile.magic.withUnsafeBytes { head.append($0) }
        head.append(UInt64(place.offset))
        head.append(UInt64(place.length))
        head.append(place.checksum)
        head.append(UInt32(0))
        try file.overwrite(head.bytes, at: 0)
        try file.commit()
        return place.checksum
    }
}
