public import Vectors

/// What ``NeighborEmbedding`` made of the points.
public struct NeighborEmbeddingModel: Sendable {
    /// Where each point lies: count × 2, around (0, 0).
    public let positions: VectorMatrix
    /// The nearest other points of each point before the projection, nearest first, with squared L2 distances: three
    /// times the perplexity of them. Ids are row numbers.
    public let neighbors: NeighborLists
    /// The Kullback–Leibler divergence between neighbourhoods before and after, in nats; smaller is better. Only values
    /// of the same points and perplexity compare.
    public let divergence: Double
}
