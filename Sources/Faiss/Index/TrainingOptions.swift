public import Vectors

/// How the centroids and codebooks of an index are learned.
public struct TrainingOptions: Sendable, Hashable {
    /// Iterations of the k-means that makes the lists, 1…1,000; 10 by default, as in Faiss.
    public var iterations: Int
    /// A training set larger than this many vectors a centroid is sampled, 1…1,000,000; 256 by default, as in Faiss.
    public var maximumPointsPerCentroid: Int
    /// How many vectors the index will hold, where that is not the number of training vectors:
    /// ``IndexDescription/ListCount/automatic`` depends on it.
    public var expectedCount: Int?
    /// The seed of the sampling and of the first centroids; 1234 by default, as in Faiss. Faiss's has 31 bits: a larger one
    /// is hashed to these.
    public var seed: UInt64
    /// How many threads training may use.
    public var threads: ThreadLimit

    /// Makes options.
    public init(
        iterations: Int = 10,
        maximumPointsPerCentroid: Int = 256,
        expectedCount: Int? = nil,
        seed: UInt64 = 1234,
        threads: ThreadLimit = .automatic
    ) {
        self.iterations = iterations
        self.maximumPointsPerCentroid = maximumPointsPerCentroid
        self.expectedCount = expectedCount
        self.seed = seed
        self.threads = threads
    }

    func validate() throws(VectorError) {
        try checkRange(iterations, 1...1000, "iterations")
        try checkRange(maximumPointsPerCentroid, 1...1_000_000, "maximum points per centroid")
        if let expectedCount, expectedCount < 0 {
            throw VectorError(.invalidArgument, "expected count \(expectedCount) is negative")
        }
    }
}
