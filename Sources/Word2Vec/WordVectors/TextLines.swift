/// The lines of a text file, read in blocks.
struct TextLines {
    let file: ByteStream
    /// The bytes of the longest line; a longer one is an error, so that a file without lines can't take all memory.
    var maximumLength = 1 << 22
    var blockSize = 1 << 18

    /// Calls `body` with each line's number, from 1, and bytes, without the line's end.
    func forEach(
        _ body: (_ number: Int, _ line: UnsafeBufferPointer<UInt8>) throws(Word2VecError) -> Void
    ) throws(Word2VecError) {
        var buffer: [UInt8] = []
        var number = 0
        var isAtEnd = false
        while !isAtEnd {
            let searched = buffer.count
            isAtEnd = try file.append(blockSize, to: &buffer) < blockSize
            var start = 0
            try buffer.withUnsafeBufferPointer { buffer throws(Word2VecError) in
                for index in searched..<buffer.count where buffer[index] == 0x0A {
                    number += 1
                    try body(number, trimmed(buffer[start..<index]))
                    start = index + 1
                }
                if isAtEnd, start < buffer.count {
                    number += 1
                    try body(number, trimmed(buffer[start...]))
                    start = buffer.count
                }
            }
            buffer.removeSubrange(..<start)
            guard buffer.count <= maximumLength else {
                throw Word2VecError(
                    .invalidFormat,
                    "line \(number + 1) of '\(file.path)' is longer than \(maximumLength) bytes"
                )
            }
        }
    }

    /// Without a carriage return at the end.
    private func trimmed(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: line.last == 0x0D ? line.dropLast() : line)
    }
}
