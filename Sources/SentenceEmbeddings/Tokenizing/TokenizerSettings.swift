import Foundation
import Vectors

/// What `tokenizer_config.json` and `special_tokens_map.json` say, where they are there.
struct TokenizerSettings {
    /// The files, the one that counts first.
    private var files: [JSON] = []

    init(contentsOf folder: URL) throws(VectorError) {
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            let file = folder.appending(path: name)
            guard FileManager.default.fileExists(atPath: try file.filePath) else { continue }
            let json = try JSON(contentsOf: file)
            guard json.object != nil else { throw json.error("an object must stand here") }
            files.append(json)
        }
    }

    /// A setting's truth; nil if it isn't there.
    func bool(_ key: String) throws(VectorError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let bool = value.bool else { throw value.error("'\(key)' must be true or false") }
        return bool
    }

    /// The text of a special token, which is a string or an object with `content`; nil if it isn't there.
    func token(_ key: String) -> String? { value(key).flatMap { $0.string ?? $0["content"]?.string } }

    private func value(_ key: String) -> JSON? {
        for file in files {
            if let value = file[key], !value.isNull { return value }
        }
        return nil
    }

    /// The ids of the special tokens: of those that the files name, or else of the usual names.
    func specialTokens(_ id: (String) -> Int32?) -> SpecialTokens {
        func find(_ keys: [String], _ usual: [String]) -> Int32? {
            let named = keys.compactMap(token)
            return (named.isEmpty ? usual : named).lazy.compactMap(id).first
        }
        return SpecialTokens(
            padding: find(["pad_token"], ["[PAD]", "<pad>"]),
            classification: find(["cls_token", "bos_token"], ["[CLS]", "<s>"]),
            separator: find(["sep_token", "eos_token"], ["[SEP]", "</s>"]),
            unknown: find(["unk_token"], ["[UNK]", "<unk>"]),
            mask: find(["mask_token"], ["[MASK]", "<mask>"])
        )
    }
}
