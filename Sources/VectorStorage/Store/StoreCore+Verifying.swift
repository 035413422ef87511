import Faiss
import GRDB
import Vectors

extension StoreCore {
    /// Reads all rows of a collection, one after the other, and refuses those that are damaged, missing or there twice.
    func verifyRows(of record: CollectionRecord, _ cancellation: Cancellation) throws(VectorError) {
        try database.read { database in
            var scan = try RowScan(record.id, database)
            let hasher = TextHasher()
            // Of ten million rows two different keys share 64 bits in one of 400,000 stores: then the keys are compared.
            var hashes = Set<Int64>()
            var doubtful = Set<Int64>()
            _ = try scan.read(database, cancellation: cancellation) { row in
                _ = try MetadataFormat.decode(row.metadata)
                let hash = hasher.hash(bytes: row.key)
                if !hashes.insert(hash).inserted { doubtful.insert(hash) }
                return true
            }
            if doubtful.isEmpty { return }
            var keys = Set<VectorKey>()
            scan = try RowScan(record.id, database)
            _ = try scan.read(database, cancellation: cancellation) { row in
                guard doubtful.contains(hasher.hash(bytes: row.key)) else { return true }
                guard keys.insert(VectorKey(row.key)).inserted else {
                    throw VectorError(.damaged, "the key '\(row.key)' occurs twice")
                }
                return true
            }
        }
    }

    /// What is wrong with the row file and the index file of a collection.
    func fileProblems(of record: CollectionRecord, _ cancellation: Cancellation) throws(VectorError) -> [String] {
        let state = try CollectionState(reading: record.id, from: self, cancellation: cancellation)
        var problems = [state.fileProblem].compactMap { $0 }
        do throws(VectorError) {
            try state.version.table.filed?.file.verify(cancellation: cancellation)
            // A search that visits all lists reads and verifies each.
            if let main = state.version.main, main.isInFile {
                let options = SearchOptions(probes: main.index.indexDescription.listCount)
                let query = [1] + [Float](repeating: 0, count: main.index.dimension - 1)
                _ = try main.index.search(query, k: 1, options: options)
            }
        } catch {
            guard error.code == .damaged || error.code == .invalidFormat else { throw error }
            problems.append("a file of the collection '\(record.name)' can't be used: \(error.message)")
        }
        return problems
    }
}
