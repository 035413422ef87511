public import Vectors

/// What can go wrong in a vector store beside what can everywhere.
extension VectorError.Code {
    /// The folder holds no store.
    public static let noStore = VectorError.Code("noStore")
    /// The store has no collection of this name.
    public static let unknownCollection = VectorError.Code("unknownCollection")
    /// The collection has no row with this key.
    public static let unknownKey = VectorError.Code("unknownKey")
    /// The store has a collection of this name already.
    public static let collectionExists = VectorError.Code("collectionExists")
    /// Another process, or another part of this one, has the store open for writing.
    public static let locked = VectorError.Code("locked")
    /// The store was opened for reading only.
    public static let readOnly = VectorError.Code("readOnly")
    /// The index could not be brought up to date; the message says why. Searches are exact meanwhile.
    public static let index = VectorError.Code("index")
    /// The store has been closed.
    public static let closed = VectorError.Code("closed")
    /// A later release wrote the files.
    public static let unsupportedVersion = VectorError.Code("unsupportedVersion")
    /// Another model made a collection's vectors than the one it is to be opened with.
    public static let embedderMismatch = VectorError.Code("embedderMismatch")
    /// Metadata don't have the shape that was asked for, or a value has no counterpart among metadata.
    public static let metadataMismatch = VectorError.Code("metadataMismatch")
}

extension VectorError {
    static let closed = VectorError(.closed, "the store is closed")
}
