import Vectors

import struct Foundation.URL

/// The bytes of a file from start to end, decompressed if it starts as a gzip file does, whatever its name.
final class ByteStream {
    /// The path, for messages.
    let path: String
    /// The bytes of the file itself, for messages.
    var size: Int { file.size }
    /// There are at most so many bytes: what a header declares can be checked before memory is taken for it.
    let maximumSize: Int
    private let file: InputFile
    private let gzip: GzipStream?
    private var position = 0
    /// A byte of compressed data can't stand for more of text (RFC 1951: 258 bytes in two bits).
    private static let largestRatio = 1032

    init(_ url: URL) throws(Word2VecError) {
        file = try converting { () throws(VectorError) in try InputFile(url) }
        path = file.path
        gzip = try GzipStream.isGzip(file) ? GzipStream(file) : nil
        maximumSize = min(file.size, .max / Self.largestRatio) * (gzip == nil ? 1 : Self.largestRatio)
    }

    /// Adds the next bytes to an array; fewer than asked for only at the end. Returns their number.
    func append(_ count: Int, to bytes: inout [UInt8]) throws(Word2VecError) -> Int {
        let start = bytes.count
        let wanted = gzip == nil ? min(count, file.size - position) : count
        bytes.append(contentsOf: repeatElement(0, count: wanted))
        let read = try bytes.withUnsafeMutableBufferPointer { bytes throws(Word2VecError) in
            try fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[start...])))
        }
        bytes.removeSubrange((start + read)...)
        return read
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(Word2VecError) -> Int {
        if let gzip { return try gzip.read(into: buffer) }
        try converting { () throws(VectorError) in try file.readExactly(into: buffer, at: position) }
        position += buffer.count
        return buffer.count
    }
}
