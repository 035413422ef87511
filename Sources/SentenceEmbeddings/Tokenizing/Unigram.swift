import Vectors

/// SentencePiece's unigram model: of all ways to make a word of pieces the one whose scores have the largest sum.
struct Unigram: Sendable {
    /// What an unknown scalar costs more than the piece of the lowest score.
    private static let unknownPenalty = 10.0

    private struct Step {
        var score = 0.0
        /// Where the piece that ends here starts; -1 if none ends here.
        var start: Int32 = -1
        var id: Int32 = 0
    }

    private let vocabulary: PieceTable
    private let trie: PieceTrie
    private let scores: [Double]
    private let unknown: Int32
    private let unknownScore: Double
    /// The ids of the pieces `<0x00>` to `<0xFF>`; empty if unknown scalars aren't written in bytes.
    private let bytes: [Int32?]

    /// Makes a model of pieces whose ids count from 0 and index the scores.
    init(_ vocabulary: PieceTable, scores: [Double], unknown: Int32, bytes: [Int32?]) {
        self.vocabulary = vocabulary
        trie = PieceTrie(vocabulary)
        self.scores = scores
        self.unknown = unknown
        self.bytes = bytes
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, to ids: inout [Int32]) {
        withUnsafeTemporaryAllocation(of: Step.self, capacity: word.count + 1) { steps in
            steps.initialize(repeating: Step())
            search(text, word, steps)
            append(text, word, steps, to: &ids)
        }
    }

    /// Finds the best way to each place (Viterbi).
    private func search(
        _ text: UnsafeBufferPointer<UInt8>,
        _ word: Range<Int>,
        _ steps: UnsafeMutableBufferPointer<Step>
    ) {
        var position = word.lowerBound
        while position < word.upperBound {
            let start = position - word.lowerBound
            let score = steps[start].score
            let length = min(UTF8Scalar.decode(at: position, in: text).length, word.upperBound - position)
            var hasScalar = false
            var node = PieceTrie.root
            for place in position..<word.upperBound {
                guard let next = trie.step(node, text[place]) else { break }
                node = next
                let id = trie.value(at: node)
                guard id != PieceTrie.none else { continue }
                let end = place + 1 - word.lowerBound
                Self.offer(score + scores[Int(id)], id, start, &steps[end])
                if end - start == length { hasScalar = true }
            }
            if !hasScalar { Self.offer(score + unknownScore, unknown, start, &steps[start + length]) }
            position += length
        }
    }

    @inline(__always)
    private static func offer(_ score: Double, _ id: Int32, _ start: Int, _ step: inout Step) {
        guard step.start < 0 || score > step.score else { return }
        step = Step(score: score, start: Int32(truncatingIfNeeded: start), id: id)
    }

    /// Appends the ids of the best way; unknown pieces side by side are one.
    private func append(
        _ text: UnsafeBufferPointer<UInt8>,
        _ word: Range<Int>,
        _ steps: UnsafeMutableBufferPointer<Step>,
        to ids: inout [Int32]
    ) {
        let first = ids.count
        var end = word.count
        while end > 0 {
            var start = Int(steps[end].start)
            if steps[end].id == unknown {
                while start > 0, steps[start].id == unknown { start = Int(steps[start].start) }
                appendUnknown(text, word.lowerBound + start..<word.lowerBound + end, to: &ids)
            } else {
                ids.append(steps[end].id)
            }
            end = start
        }
        ids[first...].reverse()
    }

    /// Appends the ids of a stretch without a piece, from last to first.
    private func appendUnknown(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to ids: inout [Int32]) {
        let stretch = UnsafeBufferPointer(rebasing: text[range])
        if let id = vocabulary.id(of: stretch) {
            ids.append(id)
        } else if !bytes.isEmpty, stretch.allSatisfy({ bytes[Int($0)] != nil }) {
            for byte in stretch.reversed() { ids.append(bytes[Int(byte)] ?? unknown) }
        } else {
            ids.append(unknown)
        }
    }
}
