import Faiss
import Foundation
import Vectors

/// The file in which a collection's index lasts from one opening to the next, as the catalogue describes it. It can be
/// rebuilt from the rows, so one that fails any check is ignored.
struct Sidecar: Sendable, Equatable {
    static let fileExtension = "vindex"
    /// Of an index whose inverted lists can stay in the file.
    static let listsExtension = "vlists"

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
        let canStay = main.index.indexDescription.canKeepListsInFile
        let random = String(UInt64.random(in: .min ... .max), radix: 36)
        let name = "collection-\(collection)-\(main.through)-\(random).\(canStay ? listsExtension : fileExtension)"
        let url = folder.appending(path: name)
        if canStay { try main.index.writeLists(to: url) } else { try main.index.write(to: url) }
        do throws(VectorError) {
            let file = try InputFile(url)
            var sidecar = Sidecar(name: name, length: file.size, checksum: 0, through: main.through)
            sidecar.checksum = try sidecar.checksum(of: file)
            try body(sidecar)
        } catch {
            try? FileManager.default.removeItem(at: url)
            throw error
        }
    }

    /// Whether the inverted lists can stay in the file.
    var hasLists: Bool { name.hasSuffix(".\(Self.listsExtension)") }

    /// Of the whole file; of one of lists, which are verified when they are read, of its head, which has their checksums.
    private func checksum(of file: InputFile) throws(VectorError) -> UInt32 {
        hasLists
            ? try file.bytes(0..<min(64, file.size)).withUnsafeBytes { CRC32C.checksum($0) } : try fileChecksum(file)
    }

    /// Reads the index, if the file is the one that the catalogue describes, and whole.
    ///
    /// - Parameter isInFile: whether lists stay in the file, where they can.
    func read(in folder: URL, isInFile: Bool) throws(VectorError) -> MainIndex {
        guard name == URL(filePath: name).lastPathComponent else {
            throw VectorError(.damaged, "its name is a path")
        }
        let url = folder.appending(path: name)
        let file = try InputFile(url)
        guard file.size == length else {
            throw VectorError(.damaged, "it has \(file.size) bytes, the catalogue says \(length)")
        }
        guard try checksum(of: file) == checksum else {
            throw VectorError(.damaged, "its checksum is not the catalogue's")
        }
        let index =
            hasLists ? try VectorIndex(listsOf: url, inMemory: !isInFile) : try VectorIndex(contentsOf: url)
        return MainIndex(index, through: through, isInFile: hasLists && isInFile)
    }

    /// Refuses an index that does not hold every row that it should.
    func check(_ main: MainIndex, holds table: RowTable) throws(VectorError) {
        let index = main.index
        guard index.dimension == table.dimension, index.metric == table.metric, index.isTrained else {
            throw VectorError(.damaged, "it is an index of \(index.dimension) dimensions, \(index.metric)")
        }
        // What it holds is known by its checksums.
        if main.isInFile { return }
        let ids = index.ids.sorted()
        var place = 0
        for slot in 0..<table.firstSlot(fromID: through + 1) where table.isVisible(slot, at: .max - 1) {
            while place < ids.count, ids[place] < table.id(slot) { place += 1 }
            guard place < ids.count, ids[place] == table.id(slot) else {
                throw VectorError(.damaged, "the row \(table.id(slot)) is not in it")
            }
        }
    }
}
