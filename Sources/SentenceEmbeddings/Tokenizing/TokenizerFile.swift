import Foundation
import Vectors

/// Reads `tokenizer.json`, as the PyPI package `tokenizers` writes it.
enum TokenizerFile {
    /// All parts; those that are not supported are refused before the vocabulary is looked at.
    static func parts(_ json: JSON) throws(VectorError) -> SubwordTokenizer.Parts {
        guard json.object != nil else { throw json.error("an object must stand here") }
        var normalizer: Normalizer?
        var preTokenizer: PreTokenizer?
        var template: SequenceTemplate?
        if let value = json.present("normalizer") { normalizer = try self.normalizer(value) }
        if let value = json.present("pre_tokenizer") {
            preTokenizer = try self.preTokenizer(value)
            try checkStart(value, normalizer)
        }
        if let value = json.present("post_processor") { template = try self.template(value) }
        let (model, vocabulary) = try ModelFile.read(json.required("model"))
        return SubwordTokenizer.Parts(
            normalizer: normalizer,
            preTokenizer: preTokenizer,
            model: model,
            vocabulary: vocabulary,
            addedTokens: try addedTokens(json, vocabulary),
            template: template ?? SequenceTemplate()
        )
    }

    // MARK: Normalizers

    private static func normalizer(_ json: JSON) throws(VectorError) -> Normalizer {
        let type = try json.type
        switch type {
        case "Sequence":
            var parts: [Normalizer] = []
            for part in try json.list("normalizers") { parts.append(try normalizer(part)) }
            return .sequence(parts)
        case "BertNormalizer":
            let lowercases = try json.bool("lowercase", default: true)
            return .bert(
                BertNormalizer(
                    cleansText: try json.bool("clean_text", default: true),
                    spacesIdeographs: try json.bool("handle_chinese_chars", default: true),
                    stripsAccents: try json.bool("strip_accents", default: lowercases),
                    lowercases: lowercases
                )
            )
        case "Lowercase": return .lowercase
        case "StripAccents": return .stripAccents
        case "Nmt": return .nmt
        case "ByteLevel": return .byteLevel
        case "Strip":
            return .strip(
                left: try json.bool("strip_left", default: true),
                right: try json.bool("strip_right", default: true)
            )
        case "Replace":
            return .replace(try pattern(json.required("pattern")), with: Array(try json.text("content").utf8))
        case "Prepend": return .prepend(Array(try json.text("prepend").utf8))
        case "Precompiled":
            let map = try json.required("precompiled_charsmap")
            guard let contents = map.string.flatMap({ Data(base64Encoded: $0) }),
                let characters = PrecompiledCharacters(Array(contents))
            else { throw map.error("'precompiled_charsmap' is damaged") }
            return .precompiled(characters)
        default:
            guard let form = NormalizationForm(rawValue: type) else {
                throw json.error("the normalizer '\(type)' is not supported")
            }
            return .form(form)
        }
    }

    private static func pattern(_ json: JSON) throws(VectorError) -> TextPattern {
        if let text = json["String"]?.string { return .text(Array(text.utf8)) }
        guard let expression = json["Regex"]?.string else {
            throw json.error("a pattern must be a 'String' or a 'Regex'")
        }
        guard let pattern = TextPattern(expression: expression) else {
            throw json.error("the regular expression '\(expression)' is not supported")
        }
        return pattern
    }

    // MARK: Pre-tokenizers

    private static func preTokenizer(_ json: JSON) throws(VectorError) -> PreTokenizer {
        let type = try json.type
        switch type {
        case "Sequence":
            var parts: [PreTokenizer] = []
            for part in try json.list("pretokenizers") { parts.append(try preTokenizer(part)) }
            return .sequence(parts)
        case "BertPreTokenizer": return .bert
        case "Whitespace": return .whitespace
        case "WhitespaceSplit": return .whitespaceSplit
        case "ByteLevel":
            return .byteLevel(
                addsPrefixSpace: try json.bool("add_prefix_space", default: true),
                splits: try json.bool("use_regex", default: true)
            )
        case "Metaspace":
            let replacement = try json.text("replacement")
            guard replacement.unicodeScalars.count == 1 else {
                throw json.error("Metaspace's 'replacement' must be one scalar")
            }
            // Older files have a flag in the scheme's place.
            var scheme = try json.bool("add_prefix_space", default: true) ? PreTokenizer.PrefixScheme.always : .never
            if let value = json.present("prepend_scheme") {
                guard let named = value.string.flatMap(PreTokenizer.PrefixScheme.init) else {
                    throw value.error("Metaspace's 'prepend_scheme' must be 'always', 'first' or 'never'")
                }
                scheme = named
            }
            let splits = try json.bool("split", default: true)
            return .metaspace(replacement: Array(replacement.utf8), scheme, splits: splits)
        case "Punctuation": return .punctuation(try behavior(json, default: .isolated))
        case "Digits": return .digits(individually: try json.bool("individual_digits", default: false))
        case "Split":
            return .split(
                try pattern(json.required("pattern")),
                try behavior(json, default: nil),
                inverted: try json.bool("invert", default: false)
            )
        default: throw json.error("the pre-tokenizer '\(type)' is not supported")
        }
    }

    private static func behavior(_ json: JSON, default usual: SplitBehavior?) throws(VectorError) -> SplitBehavior {
        if json.present("behavior") == nil, let usual { return usual }
        guard let behavior = SplitBehavior(rawValue: try json.text("behavior")) else {
            throw json.error("the 'behavior' is not known")
        }
        return behavior
    }

    /// Metaspace's scheme `first` asks where in the raw text a piece starts, which is known of the first one only.
    private static func checkStart(_ json: JSON, _ normalizer: Normalizer?) throws(VectorError) {
        let parts = json["pretokenizers"]?.array.map(Array.init) ?? [json]
        for (number, part) in parts.enumerated() where part["prepend_scheme"]?.string == "first" {
            guard number == 0, normalizer?.keepsStart ?? true else {
                throw part.error("Metaspace with the scheme 'first' behind what removes text is not supported")
            }
        }
        for part in parts where part["pretokenizers"] != nil {
            for inner in part["pretokenizers"]?.array.map(Array.init) ?? []
            where inner["prepend_scheme"]?.string == "first" {
                throw inner.error("Metaspace with the scheme 'first' within sequences is not supported")
            }
        }
    }

    // MARK: Post-processors

    /// The special tokens that a post-processor adds; nil if it adds none.
    private static func template(_ json: JSON) throws(VectorError) -> SequenceTemplate? {
        let type = try json.type
        switch type {
        case "ByteLevel": return nil
        case "Sequence":
            var found: SequenceTemplate?
            for part in try json.list("processors") {
                guard let template = try template(part) else { continue }
                guard found == nil else {
                    throw part.error("a second post-processor that adds tokens is not supported")
                }
                found = template
            }
            return found
        case "BertProcessing", "RobertaProcessing":
            let (start, end) = (try idOfPair(json, "cls"), try idOfPair(json, "sep"))
            return type == "BertProcessing" ? .bert(start: start, end: end) : .roberta(start: start, end: end)
        case "TemplateProcessing":
            let tokens = try json.required("special_tokens")
            return SequenceTemplate(
                single: try parts(json, "single", tokens),
                pair: try parts(json, "pair", tokens)
            )
        default: throw json.error("the post-processor '\(type)' is not supported")
        }
    }

    private static func idOfPair(_ json: JSON, _ key: String) throws(VectorError) -> Int32 {
        guard let id = try json.required(key)[1] else { throw json.error("'\(key)' must be a token and its id") }
        return try id.id
    }

    private static func parts(
        _ json: JSON,
        _ key: String,
        _ tokens: JSON
    ) throws(VectorError) -> [SequenceTemplate.Part] {
        var parts: [SequenceTemplate.Part] = []
        for part in try json.list(key) {
            if let text = part["Sequence"] {
                let name = try text.text("id")
                guard name == "A" || (name == "B" && key == "pair") else {
                    throw text.error("a text of '\(key)' can't be '\(name)'")
                }
                parts.append(.text(name == "A" ? 0 : 1, type: try text.required("type_id").id))
            } else {
                let special = try part.required("SpecialToken")
                let (name, type) = (try special.text("id"), try special.required("type_id").id)
                guard let token = tokens[name] else { throw special.error("'special_tokens' lacks '\(name)'") }
                for id in try token.list("ids") { parts.append(.special(try id.id, type: type)) }
            }
        }
        return parts
    }

    // MARK: Added tokens

    private static func addedTokens(_ json: JSON, _ vocabulary: PieceTable) throws(VectorError) -> [AddedTokens.Token] {
        guard json.present("added_tokens") != nil else { return [] }
        var known = vocabulary
        /// What the library gives to the next token that the model doesn't have.
        var next = vocabulary.count
        var tokens: [AddedTokens.Token] = []
        for token in try json.list("added_tokens") {
            let isSpecial = try token.bool("special", default: false)
            let content = Array(try token.text("content").utf8)
            let id = try token.required("id").id
            guard !content.isEmpty else { continue }
            let expected = content.withUnsafeBufferPointer { known.id(of: $0) } ?? Int32(clamping: next)
            guard id == expected else {
                throw token.error("an added token has the id \(id), which by its vocabulary would be \(expected)")
            }
            content.withUnsafeBufferPointer { known.insert($0, id: id) }
            next = max(next, Int(id) + 1)
            tokens.append(
                AddedTokens.Token(
                    content: content,
                    id: id,
                    isSpecial: isSpecial,
                    isSingleWord: try token.bool("single_word", default: false),
                    stripsLeft: try token.bool("lstrip", default: false),
                    stripsRight: try token.bool("rstrip", default: false),
                    isNormalized: try token.bool("normalized", default: !isSpecial)
                )
            )
        }
        // Of tokens that normalization makes equal, a special one is found.
        return tokens.filter(\.isSpecial) + tokens.filter { !$0.isSpecial }
    }
}
