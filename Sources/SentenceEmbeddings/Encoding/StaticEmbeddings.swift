import Foundation
import Vectors

/// A static model: a text's vector is the mean of its tokens' vectors, as Model2Vec (Tulkens and van Dongen 2024) makes
/// them out of a transformer.
struct StaticEmbeddings: Sendable {
    private let table: EmbeddingTable
    /// The row of each token; nil where it has the token's own number.
    private let rows: [Int32]?
    /// What each token counts; nil where all count 1.
    private let weights: [Float]?

    var dimension: Int { table.dimension }
    /// The number of tokens that have a vector.
    var vocabularySize: Int { rows?.count ?? table.count }

    /// Reads the tensors "embeddings", "mapping" and "weights" of Model2Vec, or "embedding.weight" of
    /// sentence-transformers.
    init(_ tensors: ModelWeights) throws(VectorError) {
        let name = tensors.has("embedding.weight") ? "embedding.weight" : "embeddings"
        let embeddings = try tensors.tensor(name)
        guard embeddings.shape.count == 2, (1...VectorMatrix.maximumDimension).contains(embeddings.shape[1]),
            embeddings.shape[0] > 0
        else {
            throw VectorError(
                .invalidFormat,
                "'\(embeddings.file.path)': tensor '\(name)' has shape \(embeddings.shape), no rows of 1 to "
                    + "\(VectorMatrix.maximumDimension) values"
            )
        }
        if tensors.has("mapping") {
            let mapping = try tensors.tensor("mapping")
            try mapping.check(shape: [mapping.count])
            let numbers = try mapping.integers()
            guard let last = numbers.max(), let first = numbers.min(), first >= 0, last < embeddings.shape[0] else {
                throw VectorError(
                    .invalidFormat,
                    "'\(mapping.file.path)': tensor 'mapping' leads to rows outside 0..<\(embeddings.shape[0])"
                )
            }
            rows = numbers.map(Int32.init)
        } else {
            rows = nil
        }
        let count = rows?.count ?? embeddings.shape[0]
        weights = tensors.has("weights") ? try tensors.tensor("weights", shape: [count]).floats() : nil
        table = try EmbeddingTable(embeddings)
    }

    /// The mean of tokens' vectors; zeros where there are none.
    func mean(of ids: [Int32]) throws(VectorError) -> [Float] {
        var sum = [Float](repeating: 0, count: dimension)
        for id in ids {
            guard id >= 0, id < vocabularySize else {
                throw VectorError(
                    .invalidFormat,
                    "the tokenizer gave the id \(id); the weights have \(vocabularySize) tokens"
                )
            }
            let row = table.row(rows.map { Int($0[Int(id)]) } ?? Int(id))
            let weight = weights?[Int(id)] ?? 1
            for column in sum.indices { sum[column] += row[column] * weight }
        }
        guard !ids.isEmpty else { return sum }
        for column in sum.indices { sum[column] /= Float(ids.count) }
        return sum
    }
}
