import Foundation
import Vectors

/// The tensors of a model: of `model.safetensors`, or of the several files that `model.safetensors.index.json` lists.
struct ModelWeights: Sendable {
    /// The files, for a fingerprint.
    let files: [URL]
    private let folder: String
    private var tensors: [String: Tensor] = [:]
    private var otherTypes: [String: String] = [:]
    /// What stands before the names of the transformer's tensors, such as "bert.".
    private(set) var prefix = ""

    init(of folder: URL) throws(VectorError) {
        self.folder = try folder.filePath
        let single = folder.appending(path: "model.safetensors")
        let index = folder.appending(path: "model.safetensors.index.json")
        if try Folder.hasFile(single) {
            files = [single]
        } else if try Folder.hasFile(index) {
            let json = try JSON(contentsOf: index)
            guard let members = json["weight_map"]?.object else { throw json.error("there is no weight_map") }
            var names: Set<String> = []
            for (_, value) in members {
                guard let name = value.string, !name.isEmpty, !name.contains("/"), name != "..", name != "." else {
                    throw value.error("this is no name of a file in the folder")
                }
                names.insert(name)
            }
            files = names.sorted().map { folder.appending(path: $0) }
        } else {
            throw VectorError(
                .inputOutput,
                "'\(self.folder)' has neither 'model.safetensors' nor 'model.safetensors.index.json'"
            )
        }
        for url in files {
            let file = try SafetensorsFile(contentsOf: url)
            for (name, tensor) in file.tensors {
                guard tensors.updateValue(tensor, forKey: name) == nil else {
                    throw VectorError(.invalidFormat, "'\(self.folder)': two files have a tensor '\(name)'")
                }
            }
            otherTypes.merge(file.otherTypes) { first, _ in first }
        }
    }

    /// Finds what stands before the names, by a tensor that is there whatever the rest.
    mutating func findPrefix(among prefixes: [String], by name: String) {
        prefix = prefixes.first { tensors[$0 + name] != nil } ?? ""
    }

    func has(_ name: String) -> Bool { tensors[name] != nil }

    /// The tensor with this whole name and shape.
    ///
    /// - Throws: `invalidFormat` if there is none, or if its shape differs; `unsupportedModel` if its type isn't read.
    func tensor(_ name: String, shape: [Int]) throws(VectorError) -> Tensor {
        let tensor = try tensor(name)
        try tensor.check(shape: shape)
        return tensor
    }

    /// The tensor with this whole name.
    func tensor(_ name: String) throws(VectorError) -> Tensor {
        // As TensorFlow named the parameters of layer normalisation, which older files still do.
        let older = name.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
            .replacing("LayerNorm.bias", with: "LayerNorm.beta")
        if let tensor = tensors[name] ?? tensors[older] { return tensor }
        if let type = otherTypes[name] {
            throw VectorError(.unsupportedModel, "'\(folder)': tensor '\(name)' has type \(type), which is not read")
        }
        throw VectorError(.invalidFormat, "'\(folder)': the weights have no tensor '\(name)'")
    }
}
