import Foundation
import Vectors

/// BERT's older layout: `vocab.txt`, a piece a line, whose ids count the lines.
enum VocabularyFile {
    private static let maximumSize = 1 << 30

    static func parts(
        contentsOf folder: URL,
        _ settings: TokenizerSettings
    ) throws(VectorError) -> SubwordTokenizer.Parts {
        let url = folder.appending(path: "vocab.txt")
        guard FileManager.default.fileExists(atPath: try url.filePath) else {
            throw VectorError(.inputOutput, "'\(try folder.filePath)' has neither tokenizer.json nor vocab.txt")
        }
        let file = try InputFile(url)
        guard file.size <= maximumSize else {
            throw VectorError(.tooLarge, "'\(file.path)' has \(file.size) bytes; a vocabulary may have \(maximumSize)")
        }
        let vocabulary = try table(file.bytes(0..<file.size), path: file.path)
        func id(_ token: String) throws(VectorError) -> Int32 {
            guard let id = vocabulary.id(of: token) else {
                throw VectorError(.invalidFormat, "'\(file.path)' lacks the token '\(token)'")
            }
            return id
        }
        let names = ["unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"]
            .reduce(into: [:]) { $0[$1.key] = settings.token($1.key) ?? $1.value }
        let unknown = try id(names["unk_token", default: ""])
        let (start, end) = (try id(names["cls_token", default: ""]), try id(names["sep_token", default: ""]))
        let others = [settings.token("pad_token") ?? "[PAD]", settings.token("mask_token") ?? "[MASK]"]
        let added = (Array(names.values) + others).compactMap { name in
            vocabulary.id(of: name).map { AddedTokens.Token(content: Array(name.utf8), id: $0) }
        }
        let lowercases = try settings.bool("do_lower_case") ?? true
        let normalizer = BertNormalizer(
            cleansText: true,
            spacesIdeographs: try settings.bool("tokenize_chinese_chars") ?? true,
            stripsAccents: try settings.bool("strip_accents") ?? lowercases,
            lowercases: lowercases
        )
        let model = WordPiece(vocabulary, continuingPrefix: Array("##".utf8), unknown: unknown, maximumScalars: 100)
        return SubwordTokenizer.Parts(
            normalizer: .bert(normalizer),
            preTokenizer: .bert,
            model: .wordPiece(model),
            vocabulary: vocabulary,
            addedTokens: added,
            template: .bert(start: start, end: end)
        )
    }

    private static func table(_ bytes: [UInt8], path: String) throws(VectorError) -> PieceTable {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw VectorError(.invalidFormat, "'\(path)' is not UTF-8")
        }
        var table = PieceTable()
        bytes.withUnsafeBufferPointer { bytes in
            var number: Int32 = 0
            var start = 0
            while start < bytes.count {
                let line = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
                let end = line > start && bytes[line - 1] == 0x0D ? line - 1 : line
                table.insert(UnsafeBufferPointer(rebasing: bytes[start..<end]), id: number)
                number += 1
                start = line + 1
            }
        }
        return table
    }
}
