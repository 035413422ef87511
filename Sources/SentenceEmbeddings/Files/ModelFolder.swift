import Foundation
import Vectors

/// A folder of a model as sentence-transformers lays it out: what its settings say.
struct ModelFolder: Sendable {
    /// A step from text to vector: what it is called, and where its files are.
    struct Module: Sendable {
        /// The last part of the type's name, such as "Pooling".
        var kind: String
        var folder: URL
    }

    let url: URL
    let path: String
    /// What `modules.json` lists; nil where there is no such file.
    let modules: [Module]?
    /// Texts that go before a text, by their names.
    let prompts: [String: String]
    /// The prompt that is taken where none is asked for.
    let defaultPromptName: String?

    init(_ url: URL) throws(VectorError) {
        self.url = url
        path = try url.filePath
        let list = url.appending(path: "modules.json")
        modules = try Folder.hasFile(list) ? Self.modules(list, in: url) : nil

        let settings = url.appending(path: "config_sentence_transformers.json")
        guard try Folder.hasFile(settings) else {
            prompts = [:]
            defaultPromptName = nil
            return
        }
        let file = try ConfigurationFile(contentsOf: settings)
        var prompts: [String: String] = [:]
        if let members = file.value("prompts")?.object {
            for (key, value) in members where !value.isNull {
                guard let name = key.string, let text = value.string else { throw value.error("a prompt is no string") }
                prompts[name] = text
            }
        }
        self.prompts = prompts
        defaultPromptName = try file.string("default_prompt_name")
        if let defaultPromptName, prompts[defaultPromptName] == nil {
            throw VectorError(.invalidFormat, "'\(file.path)': there is no prompt '\(defaultPromptName)'")
        }
    }

    private static func modules(_ list: URL, in folder: URL) throws(VectorError) -> [Module] {
        let json = try JSON(contentsOf: list)
        guard let elements = json.array else { throw json.error("this is no array") }
        var modules: [Module] = []
        for element in elements {
            guard let type = element["type"]?.string, let path = element["path"]?.string else {
                throw element.error("a module has no type or no path")
            }
            guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                throw element.error("the path '\(path)' leads out of the folder")
            }
            let kind = type.split(separator: ".").last.map(String.init) ?? ""
            modules.append(Module(kind: kind, folder: path.isEmpty ? folder : folder.appending(path: path)))
        }
        guard !modules.isEmpty else { throw json.error("there are no modules") }
        return modules
    }

    /// The most tokens of a text that the settings in a transformer's folder allow; nil where they say nothing.
    static func maximumTokens(_ folder: URL) throws(VectorError) -> Int? {
        let settings = folder.appending(path: "sentence_bert_config.json")
        if try Folder.hasFile(settings) {
            let file = try ConfigurationFile(contentsOf: settings)
            if file.value("max_seq_length") != nil { return try file.int("max_seq_length", in: 1...Int(Int32.max)) }
        }
        let tokenizer = folder.appending(path: "tokenizer_config.json")
        guard try Folder.hasFile(tokenizer) else { return nil }
        // Where a tokenizer has no limit, 10³⁰ stands there.
        let limit = try ConfigurationFile(contentsOf: tokenizer).value("model_max_length")?.double
        return limit.flatMap { $0 >= 1 && $0 < 1e9 ? Int($0) : nil }
    }

    /// Whether texts are lower-cased before they are tokenized.
    static func lowercases(_ folder: URL) throws(VectorError) -> Bool {
        let settings = folder.appending(path: "sentence_bert_config.json")
        guard try Folder.hasFile(settings) else { return false }
        return try ConfigurationFile(contentsOf: settings).bool("do_lower_case", default: false)
    }

    /// A checksum of the weights and one of all settings that decide about a vector, in hexadecimal.
    func fingerprint(weights: [URL]) throws(VectorError) -> String {
        var folders = [url]
        for module in modules ?? [] where module.folder != url { folders.append(module.folder) }
        var settings: [URL] = []
        var ownWeights = weights
        for folder in folders {
            for name in [
                "config.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
                "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json",
                "merges.txt",
            ] {
                let file = folder.appending(path: name)
                if try Folder.hasFile(file) { settings.append(file) }
            }
            let tensors = folder.appending(path: "model.safetensors")
            if try Folder.hasFile(tensors), !ownWeights.contains(tensors) { ownWeights.append(tensors) }
        }
        return try [ownWeights, settings].map { files throws(VectorError) in
            try Self.checksum(files).hexadecimal
        }.joined()
    }

    private static func checksum(_ files: [URL]) throws(VectorError) -> UInt32 {
        var checksum = CRC32C()
        var block = [UInt8](repeating: 0, count: 1 << 20)
        for url in files {
            let file = try InputFile(url)
            try block.withUnsafeMutableBufferPointer { block throws(VectorError) in
                let block = UnsafeMutableRawBufferPointer(block)
                // The name and the size, that bytes can't move from one file to the next.
                let label = Array("\(url.lastPathComponent) \(file.size)\n".utf8)
                label.withUnsafeBytes { checksum.update($0) }
                for start in stride(from: 0, to: file.size, by: block.count) {
                    let count = min(block.count, file.size - start)
                    let part = UnsafeMutableRawBufferPointer(rebasing: block[..<count])
                    try file.readExactly(into: part, at: start)
                    checksum.update(UnsafeRawBufferPointer(part))
                }
            }
        }
        return checksum.value
    }
}
