import Foundation
import SentenceEmbeddingsC
import Vectors

/// What `modules.json` has done to a text's vector after pooling.
enum VectorModule: Sendable {
    /// A linear layer with an activation.
    case dense(LinearLayer)
    /// Scaled to Euclidean length 1; a zero vector stays zero.
    case normalize

    /// Reads a dense layer's folder; returns the layer and the dimension of its vectors.
    ///
    /// - Parameter dimension: of the vectors that it gets.
    static func dense(
        _ folder: URL,
        dimension: Int,
        level: KernelLevel
    ) throws(VectorError) -> (module: VectorModule, outputs: Int) {
        let file = try ConfigurationFile(contentsOf: folder.appending(path: "config.json"))
        let range = 1...VectorMatrix.maximumDimension
        let (inputs, outputs) = (try file.int("in_features", in: range), try file.int("out_features", in: range))
        guard inputs == dimension else {
            throw VectorError(.invalidFormat, "'\(file.path)': in_features is \(inputs), \(dimension) values come in")
        }
        for key in ["module_input_name", "module_output_name"] {
            if let name = try file.string(key), name != "sentence_embedding" {
                throw file.unsupported(key, name, "'sentence_embedding'")
            }
        }
        guard try !file.bool("use_residual", default: false) else {
            throw file.unsupported("use_residual", "true", "false")
        }
        let activations = [
            "Tanh": ENCODER_TANH, "Identity": ENCODER_IDENTITY, "ReLU": ENCODER_RELU, "GELU": ENCODER_GELU,
            "SiLU": ENCODER_SILU,
        ]
        let name = try file.string("activation_function") ?? "Tanh"
        guard let activation = activations[name.split(separator: ".").last.map(String.init) ?? ""] else {
            throw file.unsupported("activation_function", name, "any of Tanh, Identity, ReLU, GELU, SiLU")
        }
        let weights = try ModelWeights(of: folder)
        let source = LinearLayer.Source(
            weight: try weights.tensor("linear.weight", shape: [outputs, inputs]),
            bias: try file.bool("bias", default: true) ? try weights.tensor("linear.bias", shape: [outputs]) : nil
        )
        let layer = try LinearLayer([source], inputs: inputs, activation: activation, level: level)
        return (.dense(layer), outputs)
    }

    /// Applies modules to the rows of a batch's texts, one row behind the other.
    static func apply(
        _ modules: [VectorModule],
        to vectors: [Float],
        count: Int,
        _ team: Team
    ) throws(VectorError) -> [Float] {
        var vectors = vectors
        for module in modules {
            let dimension = vectors.count / max(count, 1)
            switch module {
            case .normalize:
                for row in 0..<count { scaleToLengthOne(&vectors, row * dimension..<(row + 1) * dimension) }
            case .dense(let layer):
                vectors = try layer.outputs(of: vectors, count: count, team)
            }
        }
        return vectors
    }
}

/// Scales a row to Euclidean length 1; zeros stay zeros.
private func scaleToLengthOne(_ values: inout [Float], _ row: Range<Int>) {
    var square = 0.0
    for place in row { square += Double(values[place]) * Double(values[place]) }
    guard square > 0 else { return }
    let length = square.squareRoot()
    for place in row { values[place] = Float(Double(values[place]) / length) }
}
