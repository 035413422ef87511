public import Vectors

/// What can go wrong in reading a model of text beside what can everywhere.
extension VectorError.Code {
    /// The model has an architecture, a module or a setting that this package doesn't know.
    public static let unsupportedModel = VectorError.Code("unsupportedModel")
}
