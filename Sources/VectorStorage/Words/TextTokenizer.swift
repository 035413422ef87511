import GRDB
import Vectors

/// Cuts texts into tokens, as FTS5 does. To be used while its connection is.
struct TextTokenizer {
    struct Token {
        /// As it is compared: in lower case, its stem.
        var text: String
        /// Where it is written, in bytes of UTF-8.
        var bytes: Range<Int>
    }

    private let tokenizer: any FTS5Tokenizer
    /// FTS5 goes by so many bytes of a token.
    private static let maximumLength = 32_768

    /// - Parameter database: whose tokenizer it is; any connection.
    init(_ tokenizer: FullTextIndex.Tokenizer, _ database: Database) throws {
        self.tokenizer = try database.makeTokenizer(FTS5TokenizerDescriptor(components: tokenizer.components))
    }

    func tokens(of text: String) throws -> [Token] {
        var tokens: [Token] = []
        var text = text
        let code = withUnsafeMutablePointer(to: &tokens) { tokens in
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    tokenizer.tokenize(
                        context: tokens,
                        tokenization: .query,
                        pText: bytes.baseAddress,
                        nText: CInt(clamping: bytes.count),
                        tokenCallback: { context, _, token, length, start, end in
                            guard let context, let token else { return 0 }
                            let bytes = UnsafeRawBufferPointer(
                                start: token,
                                count: min(Int(length), TextTokenizer.maximumLength)
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
        return tokens
    }
}
