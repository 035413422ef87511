public import Foundation
import SentenceEmbeddingsC
public import Vectors
package import VectorsC

/// Turns texts into vectors by a pre-trained model: what sentence-transformers does in Python.
///
/// ```swift
/// let encoder = try SentenceEncoder(contentsOf: URL(filePath: "all-MiniLM-L6-v2"))
/// let vectors = try encoder.encode(["water turns into ice", "the king of France"])
/// ```
///
/// A folder holds a model as Hugging Face lays it out: `config.json`, `model.safetensors`, `tokenizer.json` or
/// `vocab.txt`, and, if it is one of sentence-transformers', `modules.json` with the folders that it names. Without
/// `modules.json` the vector is the mean of all tokens' states. Architectures: BERT, DistilBERT, RoBERTa, XLM-RoBERTa,
/// CamemBERT, MPNet, ModernBERT, and static models (Model2Vec, `StaticEmbedding`).
///
/// A text's vector depends on the text and the prompt alone: the bits are the same in every batch and with any number of
/// threads. They differ between kinds of processors in the last digits.
///
/// An encoder can be used from any number of threads at once.
public final class SentenceEncoder: Sendable {
    /// The name of the model: its folder's.
    public let name: String
    /// What the model is known by, wherever it lies: checksums of its weights and of its settings, and the precision.
    /// Vectors of encoders with different fingerprints should not be compared.
    public let fingerprint: String
    /// The length of every vector.
    public let dimension: Int
    /// The most tokens of a text, special ones included; what follows is cut off. `Int.max` where there is no limit.
    public let maximumTokens: Int
    /// The numbers that linear layers multiply. A static model has no such layers.
    public let precision: EncoderPrecision
    /// Texts that the model's authors put before a text, by names such as "query".
    public let prompts: [String: String]
    /// The name of the prompt that goes before every text for which none is asked for; nil if none does.
    public let defaultPromptName: String?

    package let tokenizer: SubwordTokenizer
    let lowercases: Bool
    private let model: Model

    private enum Model: Sendable {
        case transformer(TransformerBatches, Pooling, [VectorModule])
        case table(StaticEmbeddings, StaticTokenizer, [VectorModule])
    }

    /// Reads a model's folder.
    ///
    /// Cost: reads all weights; takes their size in single precision as memory.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - precision: the numbers to multiply.
    /// - Throws: `VectorError` with code `unsupportedModel` for an architecture, a module or a setting that this package
    ///   doesn't know, before weights are read; `invalidFormat` if a file is not what it should be, or one doesn't fit
    ///   another; `notFinite` for weights that are NaN or infinite; `inputOutput`; `tooLarge`.
    public convenience init(
        contentsOf folder: URL,
        precision: EncoderPrecision = .float32
    ) throws(VectorError) {
        try checkKernelLevel()
        try self.init(contentsOf: folder, precision: precision, level: kernel_level())
    }

    /// The same, with the kernels of a level.
    package init(
        contentsOf url: URL,
        precision: EncoderPrecision,
        level: KernelLevel
    ) throws(VectorError) {
        let folder = try ModelFolder(url)
        var modules = folder.modules ?? []
        let first = modules.isEmpty ? nil : modules.removeFirst()
        let modelFolder = first?.folder ?? url
        let settings = modelFolder.appending(path: "config.json")
        var configuration: ConfigurationFile?
        if first?.kind != "StaticEmbedding" { configuration = try ConfigurationFile(contentsOf: settings) }
        let modelType = try configuration?.string("model_type")
        // Model2Vec's older files name no type.
        let isStatic =
            first?.kind == "StaticEmbedding" || modelType == "model2vec"
            || modelType == nil && configuration?.value("normalize") != nil

        if let first, first.kind != "Transformer", first.kind != "StaticEmbedding" {
            throw unsupported(first.kind, "'Transformer' or 'StaticEmbedding'", in: folder)
        }
        let weights: ModelWeights
        var pooling = Pooling.mean
        var vectorModules: [VectorModule] = []
        if isStatic {
            weights = try ModelWeights(of: modelFolder)
            let table = try StaticEmbeddings(weights)
            dimension = try Self.read(modules, table.dimension, folder, level, into: &vectorModules)
            if first == nil, let configuration, try configuration.bool("normalize", default: false) {
                vectorModules.append(.normalize)
            }
            tokenizer = try SubwordTokenizer(contentsOf: modelFolder)
            try tokenizer.checkPieces(haveRowsIn: table.vocabularySize)
            var tokens = StaticTokenizer(tokenizer)
            if first == nil, let configuration { tokens = try StaticTokenizer(tokenizer, modelFolder, configuration) }
            maximumTokens = tokens.maximumTokens
            lowercases = false
            model = .table(table, tokens, vectorModules)
        } else {
            guard let configuration else { throw VectorError(.invalidFormat, "'\(folder.path)' has no config.json") }
            let shape = try TransformerConfiguration(configuration)
            var stateDimension = shape.dimension
            if let next = modules.first, next.kind == "Pooling" {
                let file = try ConfigurationFile(contentsOf: next.folder.appending(path: "config.json"))
                pooling = try Pooling(file, dimension: shape.dimension)
                modules.removeFirst()
            } else if let next = modules.first {
                throw unsupported(next.kind, "'Pooling' behind the transformer", in: folder)
            }
            stateDimension *= pooling.modes.count
            dimension = try Self.read(modules, stateDimension, folder, level, into: &vectorModules)
            let limit = try ModelFolder.maximumTokens(modelFolder) ?? shape.maximumTokens
            maximumTokens = min(limit, shape.maximumTokens)
            lowercases = try ModelFolder.lowercases(modelFolder)
            tokenizer = try SubwordTokenizer(contentsOf: modelFolder)
            try tokenizer.checkPieces(haveRowsIn: shape.vocabularySize)
            weights = try ModelWeights(of: modelFolder)
            let transformer = try Transformer(shape, weights, precision: precision, level: level)
            model = .transformer(TransformerBatches(transformer), pooling, vectorModules)
        }
        name = url.standardizedFileURL.lastPathComponent
        self.precision = precision
        prompts = folder.prompts
        defaultPromptName = folder.defaultPromptName
        let suffix = precision == .float32 || isStatic ? "" : "-\(precision.rawValue)"
        fingerprint = try folder.fingerprint(weights: weights.files) + suffix
    }

    /// Reads the modules behind pooling; returns the dimension of the vectors that come out.
    private static func read(
        _ modules: [ModelFolder.Module],
        _ dimension: Int,
        _ folder: ModelFolder,
        _ level: KernelLevel,
        into vectorModules: inout [VectorModule]
    ) throws(VectorError) -> Int {
        var dimension = dimension
        for module in modules {
            switch module.kind {
            case "Normalize": vectorModules.append(.normalize)
            case "Dropout": break
            case "Dense":
                let (dense, outputs) = try VectorModule.dense(module.folder, dimension: dimension, level: level)
                vectorModules.append(dense)
                dimension = outputs
            default: throw unsupported(module.kind, "'Dense' or 'Normalize' behind pooling", in: folder)
            }
        }
        guard dimension <= VectorMatrix.maximumDimension else {
            throw VectorError(
                .unsupportedModel,
                "'\(folder.path)': vectors of dimension \(dimension) exceed \(VectorMatrix.maximumDimension)"
            )
        }
        return dimension
    }

    /// What runs the transformer; nil for a static model.
    var batches: TransformerBatches? {
        guard case .transformer(let batches, _, _) = model else { return nil }
        return batches
    }

    // MARK: Encoding

    /// The vectors of texts.
    ///
    /// Cost: about twice as many multiplications a token as the model has weights in its layers. Memory doesn't grow
    /// with the number of texts, but for the vectors. Blocks the calling thread, which does its part of the work. Ends
    /// early if the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - texts: the texts. Of those that are too long for ``maximumTokens`` the end is cut off; see
    ///     ``passages(of:maximumTokens:overlap:)``. An empty text has a vector, too.
    ///   - prompt: what goes before each text; nil for the one named ``defaultPromptName``, if the model has one, and
    ///     "" for none. `encoder.prompts["query"]` is one that the model knows.
    ///   - threads: how many threads to use; the result doesn't depend on it.
    ///   - progress: called with the share of the texts that are done, from 0 to 1, on the calling thread.
    /// - Returns: texts × ``dimension``, in the order of the texts.
    /// - Throws: `VectorError` with code `cancelled`, `tooLarge`, `notFinite` if the model's arithmetic overflows,
    ///   `invalidFormat` if its tokenizer gives numbers that it has no weights for.
    public func encode(
        _ texts: some Collection<String>,
        prompt: String? = nil,
        threads: ThreadLimit = .automatic,
        progress: ((_ fraction: Double) -> Void)? = nil
    ) throws(VectorError) -> VectorMatrix {
        let texts = Array(texts)
        let prompt = prompt ?? defaultPromptName.flatMap { prompts[$0] } ?? ""
        let cancellation = Cancellation.current
        let purpose = "encoding \(texts.count) texts"
        return try VectorMatrix(count: texts.count, dimension: dimension) { values in
            // Every text writes a row of its own, and all are done when the closure returns.
            nonisolated(unsafe) let values = values
            let store: @Sendable (Int, [Float]) throws(VectorError) -> Void = {
                [dimension] first, vectors throws(VectorError) in
                for (number, value) in vectors.enumerated() {
                    guard value.isFinite else {
                        throw VectorError(
                            .notFinite,
                            "text \(first + number / dimension): the model's arithmetic gave \(value)"
                        )
                    }
                    values[first * dimension + number] = value
                }
            }
            switch model {
            case .transformer(let batches, let pooling, let modules):
                let stateDimension = batches.transformer.configuration.dimension
                try batches.run(
                    count: texts.count,
                    size: { (texts[$0].utf8.count + prompt.utf8.count) / 4 + 2 },
                    threads: threads,
                    cancellation,
                    purpose,
                    progress: progress
                ) { [self] text throws(VectorError) in
                    tokens(of: prompt + texts[text])
                } finish: { first, batch, states, team throws(VectorError) in
                    let pooled = pooling.vectors(of: batch, states, dimension: stateDimension)
                    try store(first, VectorModule.apply(modules, to: pooled, count: batch.textCount, team))
                }
            case .table(let table, let tokens, let modules):
                try inPieces(
                    of: texts.count,
                    size: 16,
                    threads: threads,
                    progress: progress
                ) { piece throws(VectorError) in
                    try cancellation.check(purpose)
                    for text in piece {
                        let mean = try table.mean(of: tokens.ids(of: prompt + texts[text]))
                        try store(text, VectorModule.apply(modules, to: mean, count: 1, .alone))
                    }
                }
            }
        }
    }

    /// As `encode(_:prompt:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func encode(
        _ texts: some Collection<String> & Sendable,
        prompt: String? = nil,
        threads: ThreadLimit = .automatic,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> VectorMatrix {
        try await runBlocking { [self] _ throws(VectorError) in
            try encode(texts, prompt: prompt, threads: threads, progress: progress)
        }
    }

    /// The vector of a text, as `encode(_:prompt:threads:progress:)` gives it. All threads work on the one text.
    public func encode(
        _ text: String,
        prompt: String? = nil,
        threads: ThreadLimit = .automatic
    ) throws(VectorError) -> [Float] {
        try encode(CollectionOfOne(text), prompt: prompt, threads: threads).values
    }

    /// As `encode(_:prompt:threads:)`, off the cooperative pool; stops when the task is cancelled.
    public func encode(
        _ text: String,
        prompt: String? = nil,
        threads: ThreadLimit = .automatic
    ) async throws(VectorError) -> [Float] {
        try await encode(CollectionOfOne(text), prompt: prompt, threads: threads).values
    }

    private func tokens(of text: String) -> (ids: [Int32], types: [Int32]) {
        let tokens = tokenizer.encode(lowercases ? text.lowercased() : text, maximumTokens: maximumTokens)
        return (tokens.ids, tokens.typeIDs)
    }
}

private func unsupported(_ kind: String, _ supported: String, in folder: ModelFolder) -> VectorError {
    VectorError(.unsupportedModel, "'\(folder.path)': module '\(kind)' is not supported there; \(supported) is")
}
