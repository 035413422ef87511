package import Foundation
package import Vectors

/// The bytes of a file from start to end, decompressed if it starts as a gzip file does, whatever its name; or those of
/// standard input.
package final class ByteStream {
    /// The path, for messages.
    package let path: String
    /// The bytes of the file itself, for messages.
    let size: Int
    /// There are at most so many bytes: what a header declares can be checked before memory is taken for it.
    let maximumSize: Int
    private let source: Source
    private var position = 0
    /// A byte of compressed data can't stand for more of text (RFC 1951: 258 bytes in two bits).
    private static let largestRatio = 1032

    private enum Source {
        case file(InputFile)
        case gzip(GzipStream)
        case standardInput
    }

    /// Of a file, which is opened here and now.
    package init(_ url: URL) throws(VectorError) {
        let file = try InputFile(url)
        let isGzip = try GzipStream.isGzip(file)
        path = file.path
        size = file.size
        source = isGzip ? .gzip(try GzipStream(file)) : .file(file)
        maximumSize = min(file.size, .max / Self.largestRatio) * (isGzip ? Self.largestRatio : 1)
    }

    private init() {
        path = "standard input"
        size = .max
        maximumSize = .max
        source = .standardInput
    }

    package static func standardInput() -> ByteStream { ByteStream() }

    /// Adds the next bytes to an array, and returns their number: 0 at the end alone, and fewer than asked for there, or
    /// where standard input has no more yet.
    func append(_ count: Int, to bytes: inout [UInt8]) throws(VectorError) -> Int {
        let start = bytes.count
        let wanted = if case .file = source { min(count, size - position) } else { count }
        bytes.append(contentsOf: repeatElement(0, count: wanted))
        let read = try bytes.withUnsafeMutableBufferPointer { bytes throws(VectorError) in
            try fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[start...])))
        }
        bytes.removeSubrange((start + read)...)
        return read
    }

    /// Whether the next bytes have to be waited for, longer than this.
    func waits(milliseconds: Int32) -> Bool {
        guard case .standardInput = source else { return false }
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&input, 1, milliseconds) == 0
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(VectorError) -> Int {
        switch source {
        case .gzip(let stream): return try stream.read(into: buffer)
        case .standardInput:
            return try systemCall("read standard input") { read(STDIN_FILENO, buffer.baseAddress, buffer.count) }
        case .file(let file):
            try file.readExactly(into: buffer, at: position)
            position += buffer.count
            return buffer.count
        }
    }
}
