import Foundation
import SentenceEmbeddings
import TestSupport
import Testing
import Vectors

/// Damage to the files of a model's folder, from fixed seeds.
@Suite("Damaged models")
struct DamagedModelTests {
    /// Reads the model and encodes with it: either works, for not every byte matters, or ends in a typed error.
    private func read(_ folder: URL, _ fixture: ModelFixture) throws(VectorError) {
        let texts = ["Water turns into ice.", ""]
        if fixture.name == "cross-encoder" {
            _ = try CrossEncoder(contentsOf: folder).score(texts[0], texts)
        } else {
            _ = try SentenceEncoder(contentsOf: folder).encode(texts)
        }
    }

    private func files(_ folder: URL) throws -> [URL] {
        let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
        return all.compactMap { $0 as? URL }
            .filter { ["json", "safetensors"].contains($0.pathExtension) && $0.lastPathComponent != "reference.json" }
            .sorted { $0.path < $1.path }
    }

    @Test(
        "Flipped bytes and cuts anywhere end in a result or a typed error",
        arguments: ModelFixture.encoders + [ModelFixture("cross-encoder")]
    )
    func flipped(fixture: ModelFixture) throws {
        var random = SplitMix64(seed: 5)
        try fixture.withCopy { folder in
            for url in try files(folder) {
                let whole = try Array(Data(contentsOf: url))
                for trial in 0..<24 {
                    var bytes = whole
                    // Half of the flips near the start, where lengths and shapes stand.
                    let end = trial.isMultiple(of: 2) ? min(whole.count, 2000) : whole.count
                    bytes[Int.random(in: 0..<end, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
                    if trial % 4 == 3 { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
                    try Data(bytes).write(to: url)
                    do throws(VectorError) {
                        try read(folder, fixture)
                    } catch {
                        #expect(!error.message.isEmpty)
                    }
                }
                try Data(whole).write(to: url)
            }
            try read(folder, fixture)
        }
    }

    @Test("Every missing file that a model needs is named", arguments: ModelFixture.encoders)
    func missing(fixture: ModelFixture) throws {
        try fixture.withCopy { folder in
            for name in ["tokenizer.json", "model.safetensors", "model.safetensors.index.json", "config.json"] {
                let url = folder.appending(path: name)
                guard let whole = try? Data(contentsOf: url) else { continue }
                try FileManager.default.removeItem(at: url)
                let error = #expect(throws: VectorError.self) { try read(folder, fixture) }
                #expect(error?.message.contains(folder.lastPathComponent) == true, "\(error?.message ?? name)")
                try whole.write(to: url)
            }
            try FileManager.default.removeItem(at: folder)
            #expect(throws: VectorError.self) { try read(folder, fixture) }
        }
    }

    /// A file of safetensors with this header, and zeros behind it.
    private func safetensors(_ header: String, bytes: Int, length: UInt64? = nil) -> Data {
        var data = Data()
        withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { data.append(contentsOf: $0) }
        data.append(contentsOf: header.utf8)
        data.append(Data(count: bytes))
        return data
    }

    @Test(
        "A header that the file can't be is refused, whatever it says",
        arguments: [
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, 1 << 60 as UInt64?),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, UInt64.max),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, nil),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, nil),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, nil),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, nil),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, nil),
            (#"{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4]}}"#, 4, nil),
            (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#, 0, nil),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1152921504606846976]}}"#, 4, nil),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
                6, nil
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8, nil
            ),
            (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, nil), (#"{"a":4}"#, 0, nil), ("[]", 0, nil), ("", 0, nil),
        ]
    )
    func header(header: String, bytes: Int, length: UInt64?) throws {
        try ModelFixture("bert").withCopy { folder in
            let url = folder.appending(path: "model.safetensors")
            try safetensors(header, bytes: bytes, length: length).write(to: url)
            let error = #expect(throws: VectorError.self) { try SentenceEncoder(contentsOf: folder) }
            #expect(error?.code == .invalidFormat, "\(error?.message ?? "")")
        }
    }

    /// Changes numbers of `config.json`, or takes them away.
    private func refusal(_ fixture: ModelFixture, _ changes: [String: Any?]) throws -> VectorError? {
        var refusal: VectorError?
        try fixture.withCopy { folder in
            try changeJSON(folder.appending(path: "config.json")) { settings in
                for (key, value) in changes { settings[key] = value }
            }
            refusal = #expect(throws: VectorError.self, "\(changes)") { try read(folder, fixture) }
        }
        return refusal
    }

    @Test("Settings that don't go with the weights are refused before any are read")
    func settings() throws {
        let bert = ModelFixture("bert")
        let changes: [[String: Any?]] = [
            ["hidden_size": 64], ["hidden_size": 1 << 60], ["hidden_size": -1], ["hidden_size": 3.5],
            ["hidden_size": nil],
            ["num_attention_heads": 5], ["num_hidden_layers": 3], ["num_hidden_layers": 1 << 40], ["vocab_size": 181],
            ["vocab_size": 0], ["max_position_embeddings": 1 << 50], ["intermediate_size": 65], ["type_vocab_size": 3],
            ["layer_norm_eps": -1.0], ["layer_norm_eps": "a"],
        ]
        for change in changes {
            let error = try refusal(bert, change)
            #expect(error?.code == .invalidFormat, "\(change): \(error?.message ?? "")")
        }
        let unsupported: [[String: Any?]] = [
            ["model_type": "deberta-v2"], ["hidden_act": "mish"], ["position_embedding_type": "relative_key"],
            ["is_decoder": true],
        ]
        for change in unsupported {
            let error = try refusal(bert, change)
            #expect(error?.code == .unsupportedModel, "\(change): \(error?.message ?? "")")
        }
        let labels = try refusal(ModelFixture("bert"), ["model_type": "xlm-roberta", "pad_token_id": 62])
        #expect(labels != nil)
    }

    @Test("Modules that are not known are named", arguments: ["WeightedLayerPooling", "CLIPModel", "LSTM"])
    func modules(kind: String) throws {
        try ModelFixture("bert").withCopy { folder in
            let url = folder.appending(path: "modules.json")
            let list = #"[{"type": "a.Transformer", "path": ""}, {"type": "a.\#(kind)", "path": "1"}]"#
            try Data(list.utf8).write(to: url)
            let error = #expect(throws: VectorError.self) { try SentenceEncoder(contentsOf: folder) }
            #expect(error?.code == .unsupportedModel && error?.message.contains(kind) == true)
            try Data(#"[{"type": "a.Transformer", "path": "../bert"}]"#.utf8).write(to: url)
            #expect(throws: VectorError.self) { try SentenceEncoder(contentsOf: folder) }
        }
    }

    @Test("Weights that are no numbers are a typed error", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(value: Float) throws {
        try ModelFixture("bert").withCopy { folder in
            let url = folder.appending(path: "model.safetensors")
            let whole = try Data(contentsOf: url)
            // The numbers behind the header, in embeddings, layers and norms alike; the pooler, which nobody reads, is
            // passed over.
            var found = 0
            for place in stride(from: whole.count / 3 / 4 * 4, to: whole.count - 5000, by: 4000) {
                var bytes = whole
                withUnsafeBytes(of: value.bitPattern.littleEndian) {
                    bytes.replaceSubrange(place..<place + 4, with: $0)
                }
                try bytes.write(to: url)
                do throws(VectorError) {
                    _ = try SentenceEncoder(contentsOf: folder)
                } catch {
                    #expect(error.code == .notFinite && error.message.contains("tensor '"))
                    found += 1
                }
            }
            #expect(found > 10)
        }
    }

    @Test(
        "A vocabulary with more tokens than the weights is refused when the model is loaded",
        arguments: ["bert", "modernbert", "xlm-roberta", "static", "cross-encoder"].map { ModelFixture($0) }
    )
    func vocabulary(fixture: ModelFixture) throws {
        try fixture.withCopy { folder in
            try changeJSON(folder.appending(path: "tokenizer.json")) { tokenizer in
                var model = try #require(tokenizer["model"] as? [String: Any])
                if let pieces = model["vocab"] as? [String: Int] {
                    model["vocab"] = pieces.merging(["more": pieces.count]) { old, _ in old }
                } else {
                    model["vocab"] = try #require(model["vocab"] as? [Any]) + [["more", -1.0]]
                }
                tokenizer["model"] = model
            }
            let error = #expect(throws: VectorError.self) { try read(folder, fixture) }
            #expect(error?.code == .invalidFormat)
            let limit = fixture.name == "xlm-roberta" ? 150 : 180
            #expect(
                error?.message.contains("the id \(limit); the weights have \(limit) tokens") == true,
                "\(error as Any)"
            )
        }
    }

    @Test("Weights of fewer tokens than the vocabulary are refused, too")
    func fewerWeights() throws {
        let fixture = ModelFixture("static-embedding")
        try fixture.withCopy { folder in
            let url = folder.appending(path: "model.safetensors")
            try safetensors(
                #"{"embedding.weight":{"dtype":"F32","shape":[6,4],"data_offsets":[0,96]}}"#,
                bytes: 96
            ).write(to: url)
            let error = #expect(throws: VectorError.self) { try read(folder, fixture) }
            #expect(error?.code == .invalidFormat)
        }
    }

    @Test("A token without weights is a typed error where a text has it")
    func addedTokens() throws {
        try ModelFixture("bert").withCopy { folder in
            try changeJSON(folder.appending(path: "tokenizer.json")) { tokenizer in
                let tokens = try #require(tokenizer["added_tokens"] as? [[String: Any]])
                let token = try #require(tokens.last).merging(["id": 180, "content": "[MORE]"]) { $1 }
                tokenizer["added_tokens"] = tokens + [token]
            }
            let encoder = try SentenceEncoder(contentsOf: folder)
            #expect(try encoder.encode(["a boat"]).count == 1)
            let error = #expect(throws: VectorError.self) { try encoder.encode(["a [MORE] boat"]) }
            #expect(error?.code == .invalidFormat && error?.message.contains("180") == true)
        }
    }
}
