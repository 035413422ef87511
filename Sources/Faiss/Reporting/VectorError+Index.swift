public import Vectors

/// What can go wrong in an index or a clustering beside what can everywhere.
extension VectorError.Code {
    /// The index must be trained first.
    public static let notTrained = VectorError.Code("notTrained")
    /// There are fewer training vectors than the structure has centroids.
    public static let tooFewTrainingVectors = VectorError.Code("tooFewTrainingVectors")
    /// An id is given twice or is in the index already.
    public static let duplicateID = VectorError.Code("duplicateID")
    /// No vector has this id.
    public static let unknownID = VectorError.Code("unknownID")
    /// The index type can't do this.
    public static let unsupported = VectorError.Code("unsupported")
    /// Faiss reported a failure that this layer did not foresee; the message is Faiss's.
    public static let faiss = VectorError.Code("faiss")
}
