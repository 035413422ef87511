package import Foundation
package import Vectors

/// Indexes larger than memory: inverted lists that stay in a file.
extension VectorIndex {
    /// Writes the index to a file from which `init(listsOf:)` opens it, whether its lists are in memory, in a file or both.
    /// The file may be the one that it was opened from.
    ///
    /// The file is there whole or not at all, and on the disk when the call returns. Searches go on meanwhile; changes
    /// wait.
    ///
    /// Memory: a list, the largest.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat` (of the file that it was opened from), `notTrained`,
    ///   `damaged`, `tooLarge`, `unsupported` (see ``IndexDescription/canKeepListsInFile``).
    package func writeLists(to url: URL) throws(VectorError) { try core.writeLists(to: url) }

    /// Opens an index that ``writeLists(to:)`` wrote, whose lists stay in the file: a search reads and verifies those that it
    /// visits. Answers are the same as those of the index that was written.
    ///
    /// In memory are the centroids, 16 bytes a list, and what is added later. Its ids must be larger than all before it.
    /// Until the index is gone the file may be removed or replaced, but must not be written to. Where it was, or can't be
    /// read, searches that visit such a list throw `invalidFormat` or `inputOutput`.
    ///
    /// What the file holds can't be removed, replaced, reconstructed, merged into another index, copied, or written other
    /// than by `writeLists(to:)`: these throw `unsupported`. ``ids`` and ``contains(_:)`` know only what was added since.
    ///
    /// Complexity: O(lists).
    ///
    /// - Parameter inMemory: whether the lists are read here, once: then the index is like any other.
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `tooLarge`.
    package convenience init(listsOf url: URL, inMemory: Bool = false) throws(VectorError) {
        self.init(try IndexCore(listsOf: url, inMemory: inMemory))
    }
}
