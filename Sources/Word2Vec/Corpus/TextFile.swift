import Vectors

import struct Foundation.URL

/// A stretch of a corpus that is read as one.
struct TextBlock: Sendable, Hashable, Comparable {
    /// Which file, 0 for sentences.
    var file: Int
    /// Which of the file's stretches of ``TextLayout/blockSize`` bytes.
    var number: Int

    static func < (one: TextBlock, other: TextBlock) -> Bool {
        (one.file, one.number) < (other.file, other.number)
    }
}

/// Where text is cut into blocks.
///
/// A block holds the lines that start in its bytes. A line that reaches more than `lookAhead` bytes beyond them is
/// cut at the first white space there. So a block's words depend on the text alone, not on the order of reading.
package struct TextLayout: Sendable, Hashable {
    package let blockSize: Int
    package let lookAhead: Int

    /// The layout of all corpora. Blocks large enough that what is read twice matters little.
    package static let standard = TextLayout(blockSize: 1 << 20, lookAhead: 1 << 16)

    /// - Parameters:
    ///   - blockSize: at least 1.
    ///   - lookAhead: above ``Corpus/maximumWordLength``.
    package init(blockSize: Int, lookAhead: Int) {
        self.blockSize = max(1, blockSize)
        self.lookAhead = max(Corpus.maximumWordLength + 1, lookAhead)
    }
}

/// The bytes around one block: from the byte before it, if any, to the end of its look-ahead.
final class TextWindow {
    private let layout: TextLayout
    private let bytes: UnsafeMutableRawBufferPointer
    /// Where in the file the block starts.
    private var blockStart = 0
    /// How many bytes of the window are filled.
    private var count = 0
    /// The file's path, for messages.
    private var path = ""

    init(_ layout: TextLayout) {
        self.layout = layout
        bytes = .allocate(
            byteCount: 1 + layout.blockSize + layout.lookAhead + Tokenizer.readAhead,
            alignment: 64
        )
        // What is read ahead of the first text decides nothing, but should be something.
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }

    /// The byte at which the block starts in the window: behind the one before it.
    private var start: Int { min(blockStart, 1) }
    private var text: UnsafeMutablePointer<UInt8> { bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) }

    /// Moves to a block of a file.
    func fill(_ file: InputFile, block: Int, size: Int) throws(VectorError) {
        path = file.path
        blockStart = block * layout.blockSize
        let end = min(blockStart + layout.blockSize + layout.lookAhead, size)
        count = end - blockStart + start
        try file.readExactly(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: blockStart - start)
    }

    /// Moves to the first block of a stream, or to the next one; false if the stream ends before it.
    func fill(_ stream: GzipStream, block: Int) throws(VectorError) -> Bool {
        if block == 0 {
            count = 0
        } else {
            let done = start + layout.blockSize - 1
            guard count > done + 1 else { return false }
            count -= done
            bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]))
        }
        path = stream.path
        blockStart = block * layout.blockSize
        let free = bytes[count..<start + layout.blockSize + layout.lookAhead]
        count += try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: free))
        return count > start
    }

    /// Hands the block's words and sentences to a writer.
    func read(
        _ tokenizer: Tokenizer,
        into writer: inout PassageWriter,
        goingOn: () throws(VectorError) -> Void
    ) throws(VectorError) {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        let first =
            blockStart == 0
            ? (place: try UTF8Text.start(of: bytes, path: path), isInWord: false) : cut(at: start)
        let last = cut(at: start + layout.blockSize)
        if first.place < last.place,
            let place = UTF8Text.place(of: 0, in: UnsafeRawBufferPointer(rebasing: bytes[first.place..<last.place]))
        {
            throw VectorError(
                .invalidFormat,
                "the text of '\(path)' \(UTF8Text.holdsNUL), at byte \(blockStart - start + first.place + place)"
            )
        }
        var position = first.place
        // The front part of a word that long is the block's before; it is no word, and the rest is none either.
        if first.isInWord {
            while position < last.place, !Self.isWhiteSpace(text[position]) { position += 1 }
        }
        try tokenizer.read(text, position..<last.place, into: &writer, goingOn: goingOn)
        try writer.endBlock()
    }

    /// Where in the window the text is cut near the border between two blocks.
    private func cut(at border: Int) -> (place: Int, isInWord: Bool) {
        guard border < count else { return (count, false) }
        // A line that starts at the border belongs to the block behind it.
        let window = border - 1..<min(border + layout.lookAhead, count)
        if let lineFeed = window.first(where: { text[$0] == 0x0A }) { return (lineFeed + 1, false) }
        // The text's end ends a line, too.
        guard border + layout.lookAhead <= count else { return (count, false) }
        if let space = window.first(where: { Self.isWhiteSpace(text[$0]) }) { return (space + 1, false) }
        return (window.upperBound, true)
    }

    /// Space, or one of tab, line feed, vertical tab, form feed and carriage return.
    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 <= 0x0D - 0x09 }
}
