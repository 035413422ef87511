/// One answer of a search.
public struct VectorMatch: Sendable, Hashable {
    /// What the vector is stored under.
    public var key: VectorKey
    /// How near it is, in the unit of the collection's metric: a squared distance, an inner product or a cosine. Always
    /// computed from the stored vector, whatever index found it.
    public var score: Float
    /// What is known about it.
    public var metadata: VectorMetadata

    /// Puts an answer together.
    public init(key: VectorKey, score: Float, metadata: VectorMetadata) {
        self.key = key
        self.score = score
        self.metadata = metadata
    }
}
