package import Vectors

import func Foundation.memchr

/// The lines of a text, read in blocks: of word vectors, word pairs, analogies, phrases, and of what the command line
/// reads. ``UTF8Text`` says what text is.
///
/// A line ends with a line feed, with a carriage return before it or not; the last one may lack its end.
package struct TextLines {
    /// The number of the line that was read last, from 1.
    package private(set) var number = 0
    private let stream: ByteStream
    private let maximumLength: Int
    private let blockSize: Int
    private var buffer: [UInt8] = []
    /// What of the buffer has been handed out.
    private var start = 0
    private var isAtStart = true
    private var isAtEnd = false

    /// - Parameter maximumLength: the bytes of the longest line; a longer one is an error, so that a file without lines
    ///   can't take all memory.
    package init(_ stream: ByteStream, maximumLength: Int = 1 << 26, blockSize: Int = 1 << 18) {
        self.stream = stream
        self.maximumLength = maximumLength
        self.blockSize = blockSize
    }

    /// Hands the next line, without its end, to `body`; nil at the end.
    mutating func next<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(VectorError) -> Result
    ) throws(VectorError) -> Result? {
        guard let range = try nextRange() else { return nil }
        return try buffer.withUnsafeBufferPointer { buffer throws(VectorError) in
            try body(UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }

    /// Calls `body` with each line's number and bytes.
    consuming func forEach(
        _ body: (_ number: Int, _ line: UnsafeBufferPointer<UInt8>) throws(VectorError) -> Void
    ) throws(VectorError) {
        var lines = self
        while true {
            let number = lines.number + 1
            let line: Void? = try lines.next { line throws(VectorError) in try body(number, line) }
            if line == nil { return }
        }
    }

    /// The next line, or nil at the end.
    package mutating func next() throws(VectorError) -> ArraySlice<UInt8>? {
        guard let range = try nextRange() else { return nil }
        return buffer[range]
    }

    /// The next line that holds more than white space, or nil at the end: JSON lines may have empty ones among them.
    package mutating func nextFilled() throws(VectorError) -> ArraySlice<UInt8>? {
        while let line = try next() {
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return line }
        }
        return nil
    }

    /// Whether the next line has to be waited for, longer than this.
    package func waits(milliseconds: Int32) -> Bool {
        !isAtEnd && place(of: 0x0A, in: start..<buffer.count) == nil && stream.waits(milliseconds: milliseconds)
    }

    private mutating func nextRange() throws(VectorError) -> Range<Int>? {
        var searched = start
        while true {
            if let end = place(of: 0x0A, in: searched..<buffer.count) { return try line(start..<end, next: end + 1) }
            if isAtEnd {
                return start < buffer.count ? try line(start..<buffer.count, next: buffer.count) : nil
            }
            guard buffer.count - start <= maximumLength else {
                throw VectorError(
                    .invalidFormat,
                    "line \(number + 1) of '\(stream.path)' is longer than \(maximumLength) bytes"
                )
            }
            buffer.removeSubrange(..<start)
            searched = buffer.count
            start = 0
            isAtEnd = try stream.append(blockSize, to: &buffer) == 0
            if isAtStart, isAtEnd || buffer.count >= UTF8Text.longestMark {
                isAtStart = false
                start = try buffer.withUnsafeBufferPointer { bytes throws(VectorError) in
                    try UTF8Text.start(of: UnsafeRawBufferPointer(bytes), path: stream.path)
                }
                searched = start
            }
        }
    }

    private mutating func line(_ range: Range<Int>, next: Int) throws(VectorError) -> Range<Int> {
        number += 1
        if place(of: 0, in: range) != nil {
            throw VectorError(.invalidFormat, "line \(number) of '\(stream.path)' \(UTF8Text.holdsNUL)")
        }
        start = next
        return !range.isEmpty && buffer[range.upperBound - 1] == 0x0D ? range.lowerBound..<range.upperBound - 1 : range
    }

    private func place(of byte: UInt8, in range: Range<Int>) -> Int? {
        buffer.withUnsafeBytes { UTF8Text.place(of: byte, in: UnsafeRawBufferPointer(rebasing: $0[range])) }
            .map { range.lowerBound + $0 }
    }
}

/// What text is, wherever the package reads it: UTF-8, with a byte-order mark at its start or not, without NUL.
///
/// Other encodings are refused by name. Bytes that are not UTF-8 are left to who reads the words: word2vec's files have
/// them.
enum UTF8Text {
    /// The bytes of the longest byte-order mark of any encoding.
    static let longestMark = 4
    static let holdsNUL = "holds a NUL byte, as UTF-16 and binary files do; text must be UTF-8"

    /// How many of a text's first bytes are a byte-order mark. At least ``longestMark`` bytes are needed, if there are
    /// so many.
    static func start(of bytes: UnsafeRawBufferPointer, path: String) throws(VectorError) -> Int {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return 3 }
        let others: [(mark: [UInt8], name: String)] = [
            ([0xFF, 0xFE, 0, 0], "UTF-32LE"), ([0, 0, 0xFE, 0xFF], "UTF-32BE"),
            ([0xFF, 0xFE], "UTF-16LE"), ([0xFE, 0xFF], "UTF-16BE"),
        ]
        if let (mark, name) = others.first(where: { bytes.starts(with: $0.mark) }) {
            let shown = mark.map(\.hexadecimal).joined(separator: " ")
            throw VectorError(
                .invalidFormat,
                "'\(path)' is \(name), as its first bytes \(shown) say; text must be UTF-8 (iconv -f \(name.prefix(6)) "
                    + "-t UTF-8 converts it)"
            )
        }
        return 0
    }

    /// How many of a file's first bytes are a byte-order mark.
    static func start(of file: InputFile) throws(VectorError) -> Int {
        let bytes = try file.firstBytes(longestMark)
        return try bytes.withUnsafeBufferPointer { bytes throws(VectorError) in
            try start(of: UnsafeRawBufferPointer(bytes), path: file.path)
        }
    }

    /// Where the byte first stands.
    static func place(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
        return UnsafeRawPointer(found) - start
    }
}
