import Vectors

/// Reads the section `model` of `tokenizer.json`.
enum ModelFile {
    static func read(_ json: JSON) throws(VectorError) -> (model: SubwordTokenizer.Model, vocabulary: PieceTable) {
        switch try type(of: json) {
        case "WordPiece": return try wordPiece(json)
        case "BPE": return try bytePairs(json)
        case "Unigram": return try unigram(json)
        case let type: throw json.error("the model '\(type)' is not supported")
        }
    }

    /// Older files don't name the model; it is the one whose keys are there.
    private static func type(of json: JSON) throws(VectorError) -> String {
        if json.present("type") != nil { return try json.type }
        if json.present("merges") != nil { return "BPE" }
        return json.present("max_input_chars_per_word") != nil ? "WordPiece" : "Unigram"
    }

    // MARK: Models

    private static func wordPiece(
        _ json: JSON
    ) throws(VectorError) -> (model: SubwordTokenizer.Model, vocabulary: PieceTable) {
        let prefix = try json.text("continuing_subword_prefix", default: "##")
        let name = try json.text("unk_token", default: "[UNK]")
        let maximum = json.present("max_input_chars_per_word")
        let maximumScalars = maximum.map { $0.int ?? -1 } ?? 100
        guard maximumScalars >= 0 else {
            throw json.error("'max_input_chars_per_word' must be a number")
        }
        let vocabulary = try table(json.required("vocab"))
        guard let unknown = vocabulary.id(of: name) else {
            throw json.error("the vocabulary lacks the unknown token '\(name)'")
        }
        let model = WordPiece(
            vocabulary,
            continuingPrefix: Array(prefix.utf8),
            unknown: unknown,
            maximumScalars: maximumScalars
        )
        return (.wordPiece(model), vocabulary)
    }

    private static func bytePairs(
        _ json: JSON
    ) throws(VectorError) -> (model: SubwordTokenizer.Model, vocabulary: PieceTable) {
        if let dropout = json.present("dropout"), dropout.double != 0 {
            throw dropout.error("'dropout' makes the pieces random, which is not supported")
        }
        var options = BytePairEncoding.Options()
        options.fusesUnknown = try json.bool("fuse_unk", default: false)
        options.ignoresMerges = try json.bool("ignore_merges", default: false)
        options.continuingPrefix = Array(try json.text("continuing_subword_prefix", default: "").utf8)
        options.endSuffix = Array(try json.text("end_of_word_suffix", default: "").utf8)
        let fallsBack = try json.bool("byte_fallback", default: false)
        let vocabulary = try table(json.required("vocab"))
        if let token = json.present("unk_token") {
            guard let id = token.string.flatMap({ vocabulary.id(of: $0) }) else {
                throw token.error("the vocabulary lacks the unknown token")
            }
            options.unknown = id
        }
        if fallsBack { options.bytes = bytes(vocabulary) }
        let merges = try merges(json.required("merges"), vocabulary, prefix: options.continuingPrefix.count)
        return (.bytePairs(BytePairEncoding(vocabulary, merges: merges, options: options)), vocabulary)
    }

    private static func unigram(
        _ json: JSON
    ) throws(VectorError) -> (model: SubwordTokenizer.Model, vocabulary: PieceTable) {
        let fallsBack = try json.bool("byte_fallback", default: false)
        let unknown = try json.required("unk_id").id
        var vocabulary = PieceTable(reservingFor: json["vocab"]?.count ?? 0)
        var scores: [Double] = []
        for entry in try json.list("vocab") {
            guard let score = entry[1].flatMap(PieceScore.read) else {
                throw entry.error("a piece and its score must stand here")
            }
            let id = Int32(scores.count)
            guard entry[0]?.withUTF8({ vocabulary.insert($0, id: id) }) != nil else {
                throw entry.error("a piece and its score must stand here")
            }
            scores.append(score)
        }
        guard unknown < scores.count else {
            throw json.error("'unk_id' is \(unknown), but there are only \(scores.count) pieces")
        }
        let model = Unigram(
            vocabulary,
            scores: scores,
            unknown: unknown,
            bytes: fallsBack ? bytes(vocabulary) : []
        )
        return (.unigram(model), vocabulary)
    }

    // MARK: Vocabularies

    private static func table(_ json: JSON) throws(VectorError) -> PieceTable {
        guard let members = json.object else { throw json.error("an object must stand here") }
        var table = PieceTable(reservingFor: json.count)
        for (key, value) in members {
            let id = try value.id
            _ = key.withUTF8 { table.insert($0, id: id) }
        }
        return table
    }

    /// The ids of the pieces that stand for single bytes.
    private static func bytes(_ vocabulary: PieceTable) -> [Int32?] {
        (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.id(of: "<0x\(byte < 16 ? "0" : "")\(digits)>")
        }
    }

    /// The merges, each `"a b"` or `["a", "b"]`.
    private static func merges(
        _ json: JSON,
        _ vocabulary: PieceTable,
        prefix: Int
    ) throws(VectorError) -> PairTable {
        guard let list = json.array else { throw json.error("an array must stand here") }
        var table = PairTable(reservingFor: json.count)
        for (rank, merge) in list.enumerated() {
            guard let (first, second) = halves(merge) else { throw merge.error("a merge must be two pieces") }
            let joined = first + second.dropFirst(prefix)
            guard second.count >= prefix, let firstID = id(first, vocabulary), let secondID = id(second, vocabulary),
                let id = id(joined, vocabulary)
            else { throw merge.error("a piece of this merge, or what it makes, is not in the vocabulary") }
            table.insert(firstID, secondID, PairTable.Merge(rank: Int32(truncatingIfNeeded: rank), id: id))
        }
        return table
    }

    private static func id(_ piece: [UInt8], _ vocabulary: PieceTable) -> Int32? {
        piece.withUnsafeBufferPointer { vocabulary.id(of: $0) }
    }

    private static func halves(_ json: JSON) -> ([UInt8], [UInt8])? {
        if let text = json.withUTF8({ Array($0) }) {
            let parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
            return parts.count == 2 ? (Array(parts[0]), Array(parts[1])) : nil
        }
        guard let first = json[0]?.withUTF8({ Array($0) }), let second = json[1]?.withUTF8({ Array($0) }),
            json[2] == nil
        else { return nil }
        return (first, second)
    }
}
