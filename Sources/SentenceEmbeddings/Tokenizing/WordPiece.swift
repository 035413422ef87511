import Vectors

/// BERT's model: the longest piece that a word starts with, then the longest that goes on with it, and so on.
struct WordPiece: Sendable {
    private let starts: PieceTrie
    private let continuations: PieceTrie
    private let unknown: Int32
    private let maximumScalars: Int

    /// - Parameter unknown: The id of a word that can't be made of pieces or has more than `maximumScalars`.
    init(_ vocabulary: PieceTable, continuingPrefix: [UInt8], unknown: Int32, maximumScalars: Int) {
        starts = PieceTrie(vocabulary)
        if continuingPrefix.isEmpty {
            continuations = starts
        } else {
            var rest = PieceTable()
            vocabulary.forEach { piece, id in
                guard piece.starts(with: continuingPrefix) else { return }
                rest.insert(UnsafeBufferPointer(rebasing: piece[continuingPrefix.count...]), id: id)
            }
            continuations = PieceTrie(rest)
        }
        self.unknown = unknown
        self.maximumScalars = maximumScalars
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, to ids: inout [Int32]) {
        let first = ids.count
        guard word.count <= maximumScalars || scalars(text, word) <= maximumScalars else {
            return ids.append(unknown)
        }
        var position = word.lowerBound
        while position < word.upperBound {
            let trie = position == word.lowerBound ? starts : continuations
            var node = PieceTrie.root
            var (end, id) = (position, PieceTrie.none)
            for place in position..<word.upperBound {
                guard let next = trie.step(node, text[place]) else { break }
                node = next
                if trie.value(at: node) != PieceTrie.none { (end, id) = (place + 1, trie.value(at: node)) }
            }
            guard id != PieceTrie.none else {
                ids.removeLast(ids.count - first)
                return ids.append(unknown)
            }
            ids.append(id)
            position = end
        }
    }

    private func scalars(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Int {
        var count = 0
        for byte in text[word] where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
