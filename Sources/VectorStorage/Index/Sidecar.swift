import Faiss
import Foundation
import Vectors

/// The file in which a collection's index lasts from one opening to the next, as the catalogue describes it. It can be
/// rebuilt from the rows, so one that fails any check is ignored.
struct Sidecar: Sendable, Equatable {
    static let fileExtension = "vindex"

    var name: String
    var length: Int
    var checksum: UInt32
    /// The id up to which every row is in it.
    var through: Int64
}

extension Sidecar {
    /// Writes an index to a new file, calls `body`, and removes the file if that fails.
    static func write(
        _ main: MainIndex,
        of collection: Int64,
        in folder: URL,
        _ body: (Sidecar) throws(VectorError) -> Void
    ) throws(VectorError) {
        let random = String(UInt64.random(in: .min ... .max), radix: 36)
        let name = "collection-\(collection)-\(main.through)-\(random).\(fileExtension)"
        let url = folder.appending(path: name)
        try main.index.write(to: url)
        do throws(VectorError) {
            let file = try InputFile(url)
            let checksum = try fileChecksum(file)
            try body(Sidecar(name: name, length: file.size, checksum: checksum, through: main.through))
        } catch {
            try? FileManager.default.removeItem(at: url)
            throw error
        }
    }

    /// Reads the index, if the file is the one that the catalogue describes, and whole.
    func read(in folder: URL) throws(VectorError) -> VectorIndex {
        guard name == URL(filePath: name).lastPathComponent else {
            throw VectorError(.damaged, "its name is a path")
        }
        let url = folder.appending(path: name)
        let file = try InputFile(url)
        guard file.size == length else {
            throw VectorError(.damaged, "it has \(file.size) bytes, the catalogue says \(length)")
        }
        guard try fileChecksum(file) == checksum else {
            throw VectorError(.damaged, "its checksum is not the catalogue's")
        }
        return try VectorIndex(contentsOf: url)
    }

    /// Refuses an index that does not hold every row that it should.
    func check(_ index: VectorIndex, holds table: RowTable) throws(VectorError) {
        guard index.dimension == table.dimension, index.metric == table.metric, index.isTrained else {
            throw VectorError(.damaged, "it is an index of \(index.dimension) dimensions, \(index.metric)")
        }
        let ids = index.ids.sorted()
        var place = 0
        for slot in 0..<table.firstSlot(fromID: through + 1) {
            while place < ids.count, ids[place] < table.id(slot) { place += 1 }
            guard place < ids.count, ids[place] == table.id(slot) else {
                throw VectorError(.damaged, "the row \(table.id(slot)) is not in it")
            }
        }
    }
}
