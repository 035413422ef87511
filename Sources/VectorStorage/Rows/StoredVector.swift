/// A vector under its key, with what is known about it.
public struct StoredVector: Sendable, Hashable {
    /// What the vector is stored under.
    public var key: VectorKey
    /// As many numbers as the collection's dimension.
    public var vector: [Float]
    /// What is known about it.
    public var metadata: VectorMetadata

    /// Puts a key, a vector and metadata together.
    public init(key: VectorKey, vector: [Float], metadata: VectorMetadata = [:]) {
        self.key = key
        self.vector = vector
        self.metadata = metadata
    }
}
