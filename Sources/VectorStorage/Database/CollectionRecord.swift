import GRDB
import Vectors

/// A collection's entry in the catalogue.
struct CollectionRecord: Sendable {
    var id: Int64
    var name: String
    var dimension: Int
    var metric: Metric
    var index: CollectionIndex
    /// The sequence number of the last change.
    var sequence: Int64
    var digest = RowDigest()
    /// The index file that was last completed, if any.
    var sidecar: Sidecar?
}

extension CollectionRecord {
    /// The values of the columns, the checksum over all others last.
    func arguments() throws -> StatementArguments {
        let description = try index.stored
        return [
            id, name, dimension, metric.rawValue, description, sequence, digest.count,
            Int64(bitPattern: digest.sum), sidecar?.name, sidecar?.length, sidecar.map { Int64($0.checksum) },
            sidecar?.through, Int64(checksum(description)),
        ]
    }

    init(_ row: Row) throws {
        let damaged = VectorError(.damaged, "the catalogue of collections is damaged")
        guard let id = Int64.fromDatabaseValue(row["id"]), let name = String.fromDatabaseValue(row["name"]),
            let dimension = Int.fromDatabaseValue(row["dimension"]),
            let metric = String.fromDatabaseValue(row["metric"]).flatMap(Metric.init),
            let sequence = Int64.fromDatabaseValue(row["sequence"]), let count = Int.fromDatabaseValue(row["count"]),
            let digest = Int64.fromDatabaseValue(row["digest"]),
            let checksum = Int64.fromDatabaseValue(row["checksum"])
        else { throw damaged }
        let description = String.fromDatabaseValue(row["description"])
        self.id = id
        self.name = name
        self.dimension = dimension
        self.metric = metric
        self.sequence = sequence
        self.digest = RowDigest(count: count, sum: UInt64(bitPattern: digest))
        if let file = String.fromDatabaseValue(row["sidecar"]), let length = Int.fromDatabaseValue(row["length"]),
            let hash = Int64.fromDatabaseValue(row["hash"]), let through = Int64.fromDatabaseValue(row["through"])
        {
            let hash = UInt32(truncatingIfNeeded: hash)
            sidecar = Sidecar(name: file, length: length, checksum: hash, through: through)
        }
        index = .automatic
        guard Int64(self.checksum(description)) == checksum else { throw damaged }
        index = try CollectionIndex(stored: description)
    }

    private func checksum(_ description: String?) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(id)
        checksum.update(name)
        checksum.update(Int64(dimension))
        checksum.update(metric.rawValue)
        checksum.update(description ?? "")
        checksum.update(sequence)
        checksum.update(Int64(digest.count))
        checksum.update(digest.sum)
        checksum.update(sidecar?.name ?? "")
        checksum.update(Int64(sidecar?.length ?? 0))
        checksum.update(sidecar?.checksum ?? 0)
        checksum.update(sidecar?.through ?? 0)
        return checksum.value
    }
}
