import Vectors

/// Splits a file's bytes into words and sentences, reading one block at a time.
struct Tokenizer {
    let file: InputFile
    let blockSize: Int
    let cancellation: Cancellation

    /// Reads a range of bytes that starts at a sentence's start; see ``Corpus/read(_:word:sentenceEnd:)``.
    @inline(__always)
    func read(
        _ range: Range<Int>,
        _ word: (UnsafeBufferPointer<UInt8>) throws(Word2VecError) -> Void,
        _ sentenceEnd: (_ next: Int?) throws(Word2VecError) -> Void
    ) throws(Word2VecError) {
        // The block is read behind what is left over of the word that the last block cut.
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: blockSize + Corpus.maximumWordLength)
        defer { buffer.deallocate() }
        var leftOver = 0
        var inOverlongWord = false
        var words = 0
        var position = range.lowerBound

        while position < range.upperBound {
            if cancellation.isCancelled { throw Word2VecError(.cancelled, "reading '\(file.path)' was cancelled") }
            let count = min(blockSize, range.upperBound - position)
            try converting { () throws(VectorError) in
                let free = UnsafeMutableRawBufferPointer(buffer)[leftOver..<leftOver + count]
                try file.readExactly(into: UnsafeMutableRawBufferPointer(rebasing: free), at: position)
            }
            let end = leftOver + count
            var wordStart = 0
            for index in leftOver..<end {
                let byte = buffer[index]
                // Space, or one of tab, line feed, vertical tab, form feed and carriage return.
                guard byte == 0x20 || byte &- 0x09 <= 0x0D - 0x09 else { continue }
                if inOverlongWord {
                    inOverlongWord = false
                    words += 1
                } else if index > wordStart {
                    words += 1
                    if index - wordStart <= Corpus.maximumWordLength {
                        try word(UnsafeBufferPointer(rebasing: buffer[wordStart..<index]))
                    }
                }
                wordStart = index + 1
                if words == Corpus.maximumSentenceLength || byte == 0x0A && words > 0 {
                    try sentenceEnd(position + index + 1 - leftOver)
                    words = 0
                }
            }
            position += count
            leftOver = inOverlongWord ? 0 : end - wordStart
            if leftOver > Corpus.maximumWordLength {
                inOverlongWord = true
                leftOver = 0
            }
            buffer.baseAddress!.update(from: buffer.baseAddress! + end - leftOver, count: leftOver)
        }
        if inOverlongWord {
            words += 1
        } else if leftOver > 0 {
            words += 1
            try word(UnsafeBufferPointer(rebasing: buffer[..<leftOver]))
        }
        if words > 0 { try sentenceEnd(range.upperBound) }
    }
}
