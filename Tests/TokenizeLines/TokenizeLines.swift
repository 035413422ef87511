import Foundation
import SentenceEmbeddings
import Vectors

/// Tokenizes texts for a comparison with another library: `tokenize-lines FOLDER [MAXIMUM]`.
///
/// Reads texts from standard input, each as its number of bytes (4, little-endian) and its UTF-8, and writes for each
/// the number of its ids and the ids (4 bytes each). With a maximum, two texts make a pair that is cut to so many ids.
/// Standard error gets the processor's seconds that the tokenizing took, without reading and writing.
@main
struct TokenizeLines {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else { throw VectorError(.invalidArgument, "tokenize-lines FOLDER [MAXIMUM]") }
        let tokenizer = try SubwordTokenizer(contentsOf: URL(filePath: arguments[1], directoryHint: .isDirectory))
        let maximum = arguments.count > 2 ? Int(arguments[2]) : nil
        let texts = try read()
        var output = Data()
        let start = clock()
        var results: [[Int32]] = []
        results.reserveCapacity(texts.count)
        if let maximum {
            for index in stride(from: 0, to: texts.count - 1, by: 2) {
                let pair = tokenizer.encode(texts[index], and: texts[index + 1], maximumTokens: maximum)
                results.append(pair.ids + pair.typeIDs)
            }
        } else {
            for text in texts { results.append(tokenizer.encode(text).ids) }
        }
        let seconds = Double(clock() - start) / 1e6
        for ids in results {
            withUnsafeBytes(of: UInt32(ids.count).littleEndian) { output.append(contentsOf: $0) }
            ids.withUnsafeBytes { output.append(contentsOf: $0) }
        }
        FileHandle.standardOutput.write(output)
        FileHandle.standardError.write(Data("\(seconds)\n".utf8))
    }

    private static func read() throws -> [String] {
        let input = try FileHandle.standardInput.readToEnd() ?? Data()
        return input.withUnsafeBytes { bytes in
            var texts: [String] = []
            var position = 0
            while position + 4 <= bytes.count {
                let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
                let range = position + 4..<min(position + 4 + count, bytes.count)
                texts.append(String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self))
                position = range.upperBound
            }
            return texts
        }
    }
}
