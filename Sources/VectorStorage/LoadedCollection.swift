import Faiss
import Foundation
import Vectors

/// The index over the rows up to some id, and how it stands to its file.
struct MainIndex: Sendable {
    let index: VectorIndex
    /// Every row up to this id that was there when it was added is in the index.
    var through: Int64
    /// As many rows as the index was made for.
    var trainedCount: Int
}

/// A collection as it was read from the disk, verified.
struct LoadedCollection: Sendable {
    private(set) var record: CollectionRecord
    private(set) var table: RowTable
    private(set) var keys: [VectorKey: Int] = [:]
    private(set) var main: MainIndex?
    /// Why the index file could not be used, if there is one.
    private(set) var sidecarProblem: String?

    init(_ id: Int64, from core: StoreCore, cancellation: Cancellation? = nil) throws(StorageError) {
        var record: CollectionRecord?
        var table = RowTable(dimension: 1, metric: .cosine)
        var keys: [VectorKey: Int] = [:]
        var last = Int64.min
        try core.database.load(id, cancellation: cancellation) { found in
            record = found
            table = RowTable(dimension: found.dimension, metric: found.metric)
            try checkMemory(
                bytes: found.digest.count.multipliedReportingOverflow(by: 4 * found.dimension).partialValue,
                for: "the collection '\(found.name)' of \(found.digest.count) vectors"
            )
            keys.reserveCapacity(min(found.digest.count, 1 << 24))
        } row: { row in
            let key = VectorKey(row.key)
            let slot = try table.append(id: row.id, key: key, vector: row.vector, checksum: row.checksum) { set in
                try MetadataFormat.forEachField(row.metadata) { name, value in set(name, value) }
            }
            guard row.id > last, keys.updateValue(slot, forKey: key) == nil else {
                throw StorageError(.damaged, "the key '\(key)' occurs twice")
            }
            last = row.id
        }
        guard let record else { throw StorageError(.damaged, "the catalogue of collections is damaged") }
        self.record = record
        self.table = table
        self.keys = keys
        guard let sidecar = record.sidecar else { return }
        do throws(StorageError) {
            main = try Self.open(sidecar, of: record, table: table, in: core.url)
        } catch {
            sidecarProblem = "the index file '\(sidecar.name)' can't be used: \(error.message)"
        }
    }

    /// Opens an index file, if it is the one that the catalogue names, whole, and holds every row that it should.
    private static func open(
        _ sidecar: CollectionRecord.Sidecar,
        of record: CollectionRecord,
        table: RowTable,
        in folder: URL
    ) throws(StorageError) -> MainIndex {
        func unusable(_ reason: String) -> StorageError { StorageError(.damaged, reason) }
        guard sidecar.name == URL(filePath: sidecar.name).lastPathComponent else {
            throw unusable("its name is a path")
        }
        let url = folder.appending(path: sidecar.name)
        return try withStorageError {
            let file = try InputFile(url)
            guard file.size == sidecar.length else {
                throw unusable("it has \(file.size) bytes, the catalogue says \(sidecar.length)")
            }
            guard try fileChecksum(file) == sidecar.checksum else {
                throw unusable("its checksum is not the catalogue's")
            }
            let index = try VectorIndex(contentsOf: url)
            guard index.dimension == record.dimension, index.metric == record.metric, index.isTrained else {
                throw unusable("it is an index of \(index.dimension) dimensions, \(index.metric)")
            }
            let ids = index.ids.sorted()
            var place = 0
            for slot in 0..<table.firstSlot(fromID: sidecar.through + 1) {
                while place < ids.count, ids[place] < table.id(slot) { place += 1 }
                guard place < ids.count, ids[place] == table.id(slot) else {
                    throw unusable("the row \(table.id(slot)) is not in it")
                }
            }
            return MainIndex(index: index, through: sidecar.through, trainedCount: max(ids.count, 1))
        }
    }
}
