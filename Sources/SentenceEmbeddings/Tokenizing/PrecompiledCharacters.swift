import Foundation
import Vectors

/// SentencePiece's replacements of characters: a double array over UTF-8 keys (darts-clone's format) and the texts that
/// replace them.
///
/// As the library applies it: a grapheme of fewer than 6 bytes that starts with a key is replaced as a whole by the
/// text of its shortest key; of other graphemes each scalar is.
struct PrecompiledCharacters: Sendable {
    private let units: [UInt32]
    private let texts: [UInt8]

    /// Reads the contents of a `precompiled_charsmap`; nil if they aren't one.
    init?(_ contents: [UInt8]) {
        func word(at place: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(contents[place + $1]) << UInt32(8 * $1) }
        }
        guard contents.count >= 4 else { return nil }
        let size = Int(word(at: 0))
        guard size > 0, size % 4 == 0, size <= contents.count - 4 else { return nil }
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        texts = Array(contents[(4 + size)...])
        guard String(validating: texts, as: UTF8.self) != nil else { return nil }
    }

    func apply(to text: inout [UInt8]) {
        let table = UnicodeTable.shared
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 16)
        text.withUnsafeBufferPointer { text in
            var position = 0
            while position < text.count {
                let byte = text[position]
                if byte >= 0x20, byte < 0x7F, position + 1 == text.count || text[position + 1] < 0x80,
                    !startsKey(byte)
                {
                    result.append(byte)
                    position += 1
                    continue
                }
                let end = Grapheme.end(at: position, in: text, table)
                if end - position < 6, let replacement = replacement(of: position..<end, in: text) {
                    result.append(contentsOf: texts[replacement])
                    position = end
                    continue
                }
                while position < end {
                    let scalarEnd = position + UTF8Scalar.decode(at: position, in: text).length
                    if let replacement = replacement(of: position..<scalarEnd, in: text) {
                        result.append(contentsOf: texts[replacement])
                    } else {
                        result.append(contentsOf: text[position..<scalarEnd])
                    }
                    position = scalarEnd
                }
            }
        }
        text = result
    }

    // MARK: The double array

    @inline(__always)
    private func startsKey(_ byte: UInt8) -> Bool { child(of: Self.offset(units[0]), byte) != nil }

    /// The text that replaces the shortest key that a range starts with; nil if it starts with none.
    private func replacement(of range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        var place = Self.offset(units[0])
        for position in range {
            guard text[position] != 0, let next = child(of: place, text[position]) else { return nil }
            place = next ^ Self.offset(units[next])
            guard units[next] >> 8 & 1 == 1 else { continue }
            // A damaged array may lead anywhere.
            guard place < units.count else { return nil }
            let start = Int(units[place] & 0x7FFF_FFFF)
            guard start < texts.count, texts[start] & 0xC0 != 0x80 else { return nil }
            return start..<(texts[start...].firstIndex(of: 0) ?? texts.count)
        }
        return nil
    }

    /// The unit that a byte leads to; nil if there is none.
    @inline(__always)
    private func child(of place: Int, _ byte: UInt8) -> Int? {
        let next = place ^ Int(byte)
        return next < units.count && units[next] & 0x8000_00FF == UInt32(byte) ? next : nil
    }

    @inline(__always)
    private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
}
