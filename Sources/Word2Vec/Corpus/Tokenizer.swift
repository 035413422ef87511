import Vectors
import Word2VecC

/// Splits text into words and sentences.
///
/// Goes through the text in pieces: first all ends of words and lines of a piece are found, 64 bytes at a time, then
/// its words are counted, a batch at a time.
final class Tokenizer {
    /// The bytes that must be readable behind the text.
    static let readAhead = 64
    private static let pieceLength = 1 << 14

    private let starts = Scratch<UInt32>(pieceLength + 64)
    private let ends = Scratch<UInt32>(pieceLength + 64)
    private let lineFeeds = Scratch<UInt32>(pieceLength + 64)
    private let keys = Scratch<WordTable.Key>(WordBatch.size)
    private let numbers = Scratch<UInt32>(WordBatch.size)

    /// Hands the words and sentences of a range, at most 4 GB, to a writer; the range's end ends a word. Asks `goingOn`
    /// often, which throws to end the work early.
    func read(
        _ text: UnsafePointer<UInt8>,
        _ range: Range<Int>,
        into writer: inout PassageWriter,
        goingOn: () throws(VectorError) -> Void
    ) throws(VectorError) {
        var position = range.lowerBound
        /// The words that have started and ended in the piece; one more may have started than ended.
        var started = 0
        /// Whether the byte before is white space, as a bit.
        var before: UInt64 = 1
        while position < range.upperBound {
            try goingOn()
            let pieceEnd = min(position + Self.pieceLength, range.upperBound)
            var ended = 0
            var lines = 0
            while position < pieceEnd {
                let marks = text_marks(text + position)
                let inside = UInt64.max >> UInt64(max(0, 64 - (pieceEnd - position)))
                // What lies behind the range counts as white space.
                let white = marks.white_space | ~inside
                let shifted = white << 1 | before
                before = white >> 63
                var ending = white & ~shifted
                if started > ended, ending != 0 {
                    // Only a word that began before these 64 bytes can be too long.
                    let end = position + ending.trailingZeroBitCount
                    if end - Int(starts.start[ended]) > Corpus.maximumWordLength {
                        started -= 1
                        ending &= ending - 1
                    }
                }
                ended = Self.append(ending, position, ends.start, ended)
                started = Self.append(shifted & ~white, position, starts.start, started)
                lines = Self.append(marks.line_feeds & inside, position, lineFeeds.start, lines)
                position += 64
            }
            if pieceEnd == range.upperBound, started > ended {
                if range.upperBound - Int(starts.start[ended]) <= Corpus.maximumWordLength {
                    ends.start[ended] = UInt32(range.upperBound)
                    ended += 1
                } else {
                    started -= 1
                }
            }
            try add(text, words: ended, lines: lines, to: &writer)
            if started > ended { starts.start[0] = starts.start[ended] }
            started -= ended
        }
    }

    /// Appends the places of the bits that are set.
    @inline(__always)
    private static func append(
        _ bits: UInt64,
        _ position: Int,
        _ list: UnsafeMutablePointer<UInt32>,
        _ count: Int
    ) -> Int {
        var bits = bits
        var count = count
        while bits != 0 {
            list[count] = UInt32(truncatingIfNeeded: position + bits.trailingZeroBitCount)
            count += 1
            bits &= bits - 1
        }
        return count
    }

    /// Hands words to the writer, and a sentence's end for each line feed before, between and behind them.
    @inline(__always)
    private func add(
        _ text: UnsafePointer<UInt8>,
        words: Int,
        lines: Int,
        to writer: inout PassageWriter
    ) throws(VectorError) {
        var line = 0
        for first in stride(from: 0, to: words, by: WordBatch.size) {
            let batch = WordBatch(
                text: text,
                starts: starts.start + first,
                ends: ends.start + first,
                count: min(WordBatch.size, words - first),
                keys: keys.start,
                numbers: numbers.start
            )
            try writer.count(batch)
            for index in 0..<batch.count {
                while line < lines, lineFeeds.start[line] < batch.starts[index] {
                    try writer.endSentence()
                    line += 1
                }
                try writer.add(number: batch.numbers[index])
            }
        }
        if line < lines { try writer.endSentence() }
    }
}

/// Memory without an owner's checks, for inner loops.
final class Scratch<Element: BitwiseCopyable> {
    let start: UnsafeMutablePointer<Element>

    init(_ count: Int) { start = .allocate(capacity: count) }

    deinit { start.deallocate() }
}
