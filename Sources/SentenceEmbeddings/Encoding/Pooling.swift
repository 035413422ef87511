import Vectors

/// How the states of a text's tokens become one vector.
struct Pooling: Sendable {
    /// The ways, as sentence-transformers names them, in the order in which it joins several.
    enum Mode: String, Sendable, CaseIterable {
        case firstToken = "cls"
        case maximum = "max"
        case mean
        case meanOverRoot = "mean_sqrt_len_tokens"
        case weightedMean = "weightedmean"
        case lastToken = "lasttoken"

        /// The setting that turns the way on in files before version 6.
        fileprivate var olderKey: String {
            switch self {
            case .firstToken: "pooling_mode_cls_token"
            case .maximum: "pooling_mode_max_tokens"
            case .lastToken: "pooling_mode_lasttoken"
            default: "pooling_mode_\(rawValue.hasSuffix("_tokens") ? rawValue : rawValue + "_tokens")"
            }
        }
    }

    /// The vectors that they give stand one behind the other.
    let modes: [Mode]

    /// The mean over all tokens, as sentence-transformers takes it where a folder says nothing.
    static let mean = Pooling(modes: [.mean])

    /// The first token alone.
    static let firstToken = Pooling(modes: [.firstToken])

    private init(modes: [Mode]) { self.modes = modes }

    /// Reads `1_Pooling/config.json`, which must fit states of a dimension.
    init(_ file: ConfigurationFile, dimension: Int) throws(VectorError) {
        for key in ["embedding_dimension", "word_embedding_dimension"] {
            let value = try file.int(key, in: 1...VectorMatrix.maximumDimension, default: dimension)
            guard value == dimension else {
                throw VectorError(.invalidFormat, "'\(file.path)': \(key) is \(value), the model has \(dimension)")
            }
        }
        guard try file.bool("include_prompt", default: true) else {
            throw file.unsupported("include_prompt", "false", "true")
        }
        var names: [String] = []
        if let value = file.value("pooling_mode") {
            if let name = value.string { names = [name] }
            for element in value.array.map(Array.init) ?? [] { names.append(element.string ?? "") }
        } else {
            for mode in Mode.allCases where try file.bool(mode.olderKey, default: false) { names.append(mode.rawValue) }
            if names.isEmpty { names = [Mode.mean.rawValue] }
        }
        var modes: [Mode] = []
        for name in names {
            guard let mode = Mode(rawValue: name) else {
                let known = Mode.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                throw file.unsupported("pooling_mode", name, "any of \(known)")
            }
            modes.append(mode)
        }
        guard !modes.isEmpty else { throw file.missing("pooling_mode") }
        self.modes = modes
    }

    /// The vector of a text's tokens; zeros for a text without any.
    private func apply(to states: Rows, _ tokens: Range<Int>, dimension: Int, into vector: UnsafeMutablePointer<Float>)
    {
        for (number, mode) in modes.enumerated() {
            let vector = vector + number * dimension
            vector.update(repeating: 0, count: dimension)
            guard let last = tokens.last else { continue }
            switch mode {
            case .firstToken: vector.update(from: states[tokens.lowerBound], count: dimension)
            case .lastToken: vector.update(from: states[last], count: dimension)
            case .maximum:
                vector.update(from: states[tokens.lowerBound], count: dimension)
                for token in tokens.dropFirst() {
                    let state = states[token]
                    for column in 0..<dimension { vector[column] = max(vector[column], state[column]) }
                }
            case .mean, .meanOverRoot, .weightedMean:
                let count = Float(tokens.count)
                var divisor = mode == .mean ? count : count.squareRoot()
                if mode == .weightedMean { divisor = count * (count + 1) / 2 }
                for token in tokens {
                    let state = states[token]
                    let weight = mode == .weightedMean ? Float(token - tokens.lowerBound + 1) : 1
                    for column in 0..<dimension { vector[column] += weight * state[column] }
                }
                for column in 0..<dimension { vector[column] /= divisor }
            }
        }
    }

    /// The vectors of a batch's texts, one behind the other.
    func vectors(of batch: TokenBatch, _ states: Rows, dimension: Int) -> [Float] {
        let width = dimension * modes.count
        return [Float](unsafeUninitializedCapacity: batch.textCount * width) { vectors, initialized in
            if let start = vectors.baseAddress {
                for text in 0..<batch.textCount {
                    apply(to: states, batch.range(of: text), dimension: dimension, into: start + text * width)
                }
            }
            initialized = batch.textCount * width
        }
    }
}
