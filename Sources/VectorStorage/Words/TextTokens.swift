import GRDB
import Vectors

/// The tokens of a text, as FTS5 makes them.
struct TextTokens {
    struct Token {
        /// As it is compared: in lower case, its stem.
        var text: String
        /// Where it is written, in bytes of UTF-8.
        var bytes: Range<Int>
    }

    private(set) var tokens: [Token] = []
    /// FTS5 goes by so many bytes of a token.
    private static let maximumLength = 32_768

    /// - Parameter database: whose tokenizer it is; any connection.
    init(_ text: String, _ tokenizer: FullTextIndex.Tokenizer, _ database: Database) throws {
        let made = try database.makeTokenizer(FTS5TokenizerDescriptor(components: tokenizer.components))
        var text = text
        let code = withUnsafeMutablePointer(to: &tokens) { tokens in
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    made.tokenize(
                        context: tokens,
                        tokenization: .query,
                        pText: bytes.baseAddress,
                        nText: CInt(clamping: bytes.count),
                        tokenCallback: { context, _, token, length, start, end in
                            guard let context, let token else { return 0 }
                            let bytes = UnsafeRawBufferPointer(
                                start: token,
                                count: min(Int(length), TextTokens.maximumLength)
                            )
                            context.assumingMemoryBound(to: [Token].self).pointee.append(
                                Token(text: String(decoding: bytes, as: UTF8.self), bytes: Int(start)..<Int(end))
                            )
                            return 0
                        }
                    )
                }
            }
        }
        guard code == 0 else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }
}

/// What a text typed by a user asks for: each of its tokens once. Nothing in it is an operator.
struct FullTextQuery {
    /// More would take time without finding anything else.
    private static let maximumTokenCount = 1024

    /// In the order of the text.
    let tokens: [String]

    init(_ text: String, _ tokenizer: FullTextIndex.Tokenizer, _ database: Database) throws {
        var known = Set<String>()
        let all = try TextTokens(text, tokenizer, database).tokens
        tokens = Array(all.map(\.text).filter { known.insert($0).inserted }.prefix(Self.maximumTokenCount))
    }
}
