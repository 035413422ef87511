public import Vectors

/// What can go wrong in reading a corpus, in training, or with word vectors beside what can everywhere.
extension VectorError.Code {
    /// The corpus leaves too little to train on, such as a single word.
    public static let corpusTooSmall = VectorError.Code("corpusTooSmall")
    /// The word is not in the vocabulary.
    public static let unknownWord = VectorError.Code("unknownWord")
    /// The weights grew without bound; a lower learning rate helps.
    public static let diverged = VectorError.Code("diverged")
}
