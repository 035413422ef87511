import Faiss

/// The index over the rows up to some id, and how it stands to its file.
struct MainIndex: Sendable {
    let index: VectorIndex
    /// Every row up to this id that was there when it was added is in the index.
    var through: Int64
    /// As many rows as the index was made for.
    var trainedCount: Int
}
