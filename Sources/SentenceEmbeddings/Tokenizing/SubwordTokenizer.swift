public import Foundation
public import Vectors

/// Cuts texts into the pieces that a pre-trained model reads: WordPiece, byte-level BPE, Unigram.
///
/// Gives the ids that the PyPI package `tokenizers` gives for the same `tokenizer.json`. Its sections on padding and
/// truncation are ignored: models in use carry ones that their own configuration contradicts.
///
/// Time and memory grow linearly with the text, whatever is in it, but for one word without end in byte-level BPE, which
/// takes n log n.
public struct SubwordTokenizer: Sendable {
    enum Model: Sendable {
        case wordPiece(WordPiece)
        case bytePairs(BytePairEncoding)
        case unigram(Unigram)
    }

    /// What a tokenizer is made of.
    struct Parts: Sendable {
        var normalizer: Normalizer?
        var preTokenizer: PreTokenizer?
        var model: Model
        var vocabulary: PieceTable
        /// The model's own pieces are in `vocabulary`; these may be more.
        var addedTokens: [AddedTokens.Token] = []
        var template = SequenceTemplate()
    }

    private let parts: Parts
    private let rawTokens: AddedTokens
    private let normalizedTokens: AddedTokens
    private let tokens: PieceTable

    /// The ids of the special tokens.
    public let specialTokens: SpecialTokens

    /// Reads the tokenizer in a folder as Hugging Face lays it out: `tokenizer.json`, or BERT's `vocab.txt` with
    /// `tokenizer_config.json`. The special tokens are those that `tokenizer_config.json` and
    /// `special_tokens_map.json` name, or else the usual names that the vocabulary has.
    ///
    /// - Throws: `VectorError` with code `inputOutput` if there is neither file or one can't be read, `invalidFormat` if
    ///   a file is damaged or holds what is not supported, which the message names.
    public init(contentsOf folder: URL) throws(VectorError) {
        let settings = try TokenizerSettings(contentsOf: folder)
        let file = folder.appending(path: "tokenizer.json")
        let isThere = FileManager.default.fileExists(atPath: try file.filePath)
        let parts: Parts
        if isThere {
            parts = try TokenizerFile.parts(JSON(contentsOf: file))
        } else {
            parts = try VocabularyFile.parts(contentsOf: folder, settings)
        }
        try self.init(parts, settings)
    }

    private init(_ parts: Parts, _ settings: TokenizerSettings) throws(VectorError) {
        self.parts = parts
        var tokens = parts.vocabulary
        for token in parts.addedTokens { token.content.withUnsafeBufferPointer { tokens.insert($0, id: token.id) } }
        self.tokens = tokens
        rawTokens = AddedTokens(parts.addedTokens.filter { !$0.isNormalized })
        var normalized = parts.addedTokens.filter(\.isNormalized)
        for index in normalized.indices {
            let content = normalized[index].content
            parts.normalizer?.apply(to: &normalized[index].content)
            guard !normalized[index].content.isEmpty else {
                let shown = String(decoding: content, as: UTF8.self)
                throw VectorError(.invalidFormat, "the normalizer leaves nothing of the added token '\(shown)'")
            }
        }
        normalizedTokens = AddedTokens(normalized)
        specialTokens = settings.specialTokens { tokens.id(of: $0) }
    }

    // MARK: Texts

    /// Cuts a text, or a pair of texts, into pieces and puts the model's special tokens around them.
    ///
    /// - Parameters:
    ///   - text: The text; it may be empty.
    ///   - second: The second text of a pair, as cross-encoders read it.
    ///   - maximumTokens: The largest number of ids, special tokens included. What is too much is cut off at the end: of
    ///     the longer text of a pair first. The special tokens stay, even if there are more of them. `nil` cuts nothing.
    public func encode(_ text: String, and second: String? = nil, maximumTokens: Int? = nil) -> TokenizedText {
        let texts = [pieceIDs(of: text)] + (second.map { [pieceIDs(of: $0)] } ?? [])
        let isPair = texts.count == 2
        let specials = parts.template.specialCount(isPair: isPair)
        let total = texts.reduce(0) { $0 + $1.count }
        let room = maximumTokens.map { max(0, $0 - min(specials, max(0, $0))) } ?? total
        let lengths = Self.lengths(of: texts.map(\.count), room: room)
        var ids: [Int32] = []
        var types: [Int32] = []
        ids.reserveCapacity(lengths.reduce(specials, +))
        types.reserveCapacity(lengths.reduce(specials, +))
        for part in isPair ? parts.template.pair : parts.template.single {
            switch part {
            case .special(let id, let type):
                ids.append(id)
                types.append(type)
            case .text(let number, let type):
                guard texts.indices.contains(number) else { continue }
                ids += texts[number][..<lengths[number]]
                types += repeatElement(type, count: lengths[number])
            }
        }
        return TokenizedText(ids: ids, typeIDs: types, truncatedCount: total - lengths.reduce(0, +))
    }

    /// The number of ids that ``encode(_:and:maximumTokens:)`` gives without a limit.
    public func count(_ text: String, and second: String? = nil) -> Int {
        pieceIDs(of: text).count + (second.map { pieceIDs(of: $0).count } ?? 0)
            + parts.template.specialCount(isPair: second != nil)
    }

    /// The ids of a text's pieces without the special tokens that ``encode(_:and:maximumTokens:)`` puts around them.
    /// Special tokens that are written in the text are found all the same.
    public func pieceIDs(of text: String) -> [Int32] {
        var text = text
        return text.withUTF8 { text in
            var ids: [Int32] = []
            ids.reserveCapacity(text.count / 3 + 8)
            rawTokens.forEachPart(of: text) { range, id in
                if let id { return ids.append(id) }
                appendIDs(of: Array(text[range]), isStart: range.lowerBound == 0, to: &ids)
            }
            return ids
        }
    }

    /// Appends the ids of a stretch of the text between added tokens.
    private func appendIDs(of stretch: [UInt8], isStart: Bool, to ids: inout [Int32]) {
        var stretch = stretch
        parts.normalizer?.apply(to: &stretch)
        if normalizedTokens.isEmpty {
            return appendIDs(ofNormalized: stretch, isStart: isStart, to: &ids)
        }
        stretch.withUnsafeBufferPointer { text in
            normalizedTokens.forEachPart(of: text) { range, id in
                if let id { return ids.append(id) }
                let startsText = isStart && range.lowerBound == 0
                appendIDs(ofNormalized: Array(text[range]), isStart: startsText, to: &ids)
            }
        }
    }

    private func appendIDs(ofNormalized text: [UInt8], isStart: Bool, to ids: inout [Int32]) {
        var pieces = TextPieces(text)
        parts.preTokenizer?.apply(to: &pieces, isStart: isStart)
        pieces.bytes.withUnsafeBufferPointer { bytes in
            switch parts.model {
            case .wordPiece(let model): for word in pieces.ranges { model.encode(bytes, word, to: &ids) }
            case .bytePairs(let model): for word in pieces.ranges { model.encode(bytes, word, to: &ids) }
            case .unigram(let model): for word in pieces.ranges { model.encode(bytes, word, to: &ids) }
            }
        }
    }

    /// How much is kept of one text or two: the longer one is cut first.
    private static func lengths(of counts: [Int], room: Int) -> [Int] {
        guard counts.reduce(0, +) > room else { return counts }
        guard let first = counts.first, let second = counts.dropFirst().first else { return [room] }
        let shorter = min(first, second)
        // Where both must be cut, the odd piece is left to the longer text.
        let kept = shorter * 2 > room ? (room / 2, room - room / 2) : (shorter, room - shorter)
        return first <= second ? [kept.0, kept.1] : [kept.1, kept.0]
    }

    // MARK: Vocabulary

    /// The number of distinct pieces, added tokens included.
    public var vocabularySize: Int { tokens.count }

    /// The largest id; a model's embeddings must have a row for it. -1 without any piece.
    public var largestID: Int32 { tokens.largestID }

    /// Refuses a tokenizer some of whose pieces a model has no weights for. Added tokens may be more than those, as in models in
    /// use whose texts never have them; where one has, its id is refused then.
    func checkPieces(haveRowsIn count: Int) throws(VectorError) {
        let largest = parts.vocabulary.largestID
        guard largest < count else {
            throw VectorError(
                .invalidFormat,
                "the tokenizer's vocabulary goes up to the id \(largest); the weights have \(count) tokens"
            )
        }
    }

    /// The id of a piece, written as in the vocabulary and compared byte by byte; nil if there is none.
    public func id(of token: String) -> Int32? { tokens.id(of: token) }

    /// The piece with an id, written as in the vocabulary; nil if there is none. Goes through the vocabulary.
    public func token(of id: Int32) -> String? {
        tokens.piece(of: id).map { String(decoding: $0, as: UTF8.self) }
    }
}
