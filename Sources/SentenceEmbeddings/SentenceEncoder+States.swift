import SentenceEmbeddingsC
package import Vectors

extension SentenceEncoder {
    /// The last states of all tokens of texts that are given by their tokens' ids, one text behind the other: what tests
    /// hold against transformers.
    package func states(of texts: [[Int32]], threads: ThreadLimit = 1) throws(VectorError) -> VectorMatrix {
        guard let batches else { throw VectorError(.unsupportedModel, "a static model has no states") }
        let dimension = batches.transformer.configuration.dimension
        let starts = texts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        return try VectorMatrix(count: starts[texts.count], dimension: dimension) { values in
            // Every text writes rows of its own, and all are done when run returns.
            nonisolated(unsafe) let values = values
            try batches.run(
                count: texts.count,
                size: { texts[$0].count },
                threads: threads,
                .current,
                "encoding",
                progress: nil
            ) { text in
                (texts[text], Array(repeating: 0, count: texts[text].count))
            } finish: { first, batch, states, _ in
                for token in 0..<batch.tokenCount {
                    let start = (starts[first] + token) * dimension
                    for column in 0..<dimension { values[start + column] = states[token][column] }
                }
            }
        }
    }
}
