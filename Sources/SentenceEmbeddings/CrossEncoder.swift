public import Foundation
import SentenceEmbeddingsC
public import Vectors
package import VectorsC

/// Scores how well passages answer a query, by a model that reads both at once: for ranking anew what a search by vectors
/// has found.
///
/// ```swift
/// let ranker = try CrossEncoder(contentsOf: URL(filePath: "ms-marco-MiniLM-L6-v2"))
/// let scores = try ranker.score("how do plants eat?", passages)
/// ```
///
/// The folder is laid out as for ``SentenceEncoder``; the model must be a sequence classifier with one label, of any
/// architecture that ``SentenceEncoder`` reads. A pair's score depends on nothing but the pair.
public final class CrossEncoder: Sendable {
    /// The name of the model: its folder's.
    public let name: String
    /// The most tokens of query and passage, special ones included; the longer of the two is cut off.
    public let maximumTokens: Int
    /// The numbers that linear layers multiply.
    public let precision: EncoderPrecision

    private let tokenizer: SubwordTokenizer
    private let batches: TransformerBatches
    private let head: ScoringHead
    private let hasSigmoid: Bool

    /// Reads a model's folder.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - precision: the numbers to multiply.
    /// - Throws: As `SentenceEncoder.init(contentsOf:precision:)`; `unsupportedModel` for a model of several labels.
    public convenience init(
        contentsOf folder: URL,
        precision: EncoderPrecision = .float32
    ) throws(VectorError) {
        try checkKernelLevel()
        try self.init(contentsOf: folder, precision: precision, level: kernel_level())
    }

    /// The same, with the kernels of a level.
    package init(contentsOf url: URL, precision: EncoderPrecision, level: KernelLevel) throws(VectorError) {
        let file = try ConfigurationFile(contentsOf: url.appending(path: "config.json"))
        let configuration = try TransformerConfiguration(file)
        hasSigmoid = try Self.hasSigmoid(file)
        let limit = try ModelFolder.maximumTokens(url) ?? configuration.maximumTokens
        maximumTokens = min(limit, configuration.maximumTokens)
        tokenizer = try SubwordTokenizer(contentsOf: url)
        try tokenizer.checkPieces(haveRowsIn: configuration.vocabularySize)
        let weights = try ModelWeights(of: url)
        head = try ScoringHead(configuration, file, weights, level: level)
        let transformer = try Transformer(configuration, weights, precision: precision, level: level)
        batches = TransformerBatches(transformer)
        name = url.standardizedFileURL.lastPathComponent
        self.precision = precision
    }

    /// Whether scores go through the logistic function: as in sentence-transformers, unless the model says otherwise.
    private static func hasSigmoid(_ file: ConfigurationFile) throws(VectorError) -> Bool {
        let older = try file.string("sbert_ce_default_activation_function")
        let name = file.value("sentence_transformers")?["activation_fn"]?.string ?? older ?? "Sigmoid"
        switch name.split(separator: ".").last {
        case "Sigmoid": return true
        case "Identity": return false
        default: throw file.unsupported("activation_fn", name, "Sigmoid or Identity")
        }
    }

    /// The scores of passages for a query; higher is better.
    ///
    /// Cost: each pair of query and passage goes through the model; nothing is kept from one to the next. Blocks the
    /// calling thread, which does its part of the work. Ends early if the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - query: the query.
    ///   - passages: the passages.
    ///   - threads: how many threads to use; the result doesn't depend on it.
    ///   - progress: called with the share of the passages that are done, from 0 to 1, on the calling thread.
    /// - Returns: a score for each passage: from 0 to 1, or any number where the model's settings name no logistic
    ///   function.
    /// - Throws: `VectorError` with code `cancelled`, `tooLarge`, `notFinite` or `invalidFormat`, as the encoder's.
    public func score(
        _ query: String,
        _ passages: some Collection<String>,
        threads: ThreadLimit = .automatic,
        progress: ((_ fraction: Double) -> Void)? = nil
    ) throws(VectorError) -> [Float] {
        let passages = Array(passages)
        return try withVectorError {
            try [Float](unsafeUninitializedCapacity: passages.count) { scores, initialized in
                // Every pair writes a number of its own, and all are done when run returns.
                nonisolated(unsafe) let scores = scores
                try batches.run(
                    count: passages.count,
                    size: { (query.utf8.count + passages[$0].utf8.count) / 4 + 3 },
                    threads: threads,
                    .current,
                    "scoring \(passages.count) passages",
                    progress: progress
                ) { [self] pair throws(VectorError) in
                    let tokens = tokenizer.encode(query, and: passages[pair], maximumTokens: maximumTokens)
                    return (tokens.ids, tokens.typeIDs)
                } finish: { [self] first, batch, states, team throws(VectorError) in
                    let dimension = batches.transformer.configuration.dimension
                    let pooled = head.pooling.vectors(of: batch, states, dimension: dimension)
                    for (number, score) in try head.scores(of: pooled, count: batch.textCount, team).enumerated() {
                        guard score.isFinite else {
                            throw VectorError(
                                .notFinite,
                                "passage \(first + number): the model's arithmetic gave \(score)"
                            )
                        }
                        scores[first + number] = hasSigmoid ? 1 / (1 + exp(-score)) : score
                    }
                }
                initialized = passages.count
            }
        }
    }

    /// As `score(_:_:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func score(
        _ query: String,
        _ passages: some Collection<String> & Sendable,
        threads: ThreadLimit = .automatic,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> [Float] {
        try await runBlocking { [self] _ throws(VectorError) in
            try score(query, passages, threads: threads, progress: progress)
        }
    }
}
