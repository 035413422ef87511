/// The binary tree in which frequent words lie near the root: hierarchical softmax predicts a word by the turns on
/// the way to it. (Huffman 1952, doi:10.1109/JRPROC.1952.273898)
package struct HuffmanTree: Sendable {
    /// Where each word's way starts in `nodes` and `turns`; one more than words.
    private var starts: [Int] = [0]
    /// The inner nodes on all ways, from the root on.
    private var nodes: [UInt32] = []
    /// The turn taken at each of these nodes.
    private var turns: [Bool] = []

    /// The longest way.
    package private(set) var depth = 0

    /// The tree over words with these counts, at least 2 of them, in falling order.
    package init(counts: [Int]) {
        let words = counts.count
        // Nodes 0..<words are the words, the rest inner nodes in the order of making, the root last.
        var weight = counts
        var parent = [Int](repeating: 0, count: 2 * words - 1)
        var turn = [Bool](repeating: false, count: 2 * words - 1)
        // Both queues give their smallest first: words from the end, as counts fall; inner nodes as they were made.
        var word = words - 1
        var inner = words
        func takeSmallest() -> Int {
            if word >= 0, inner >= weight.count || weight[word] <= weight[inner] {
                word -= 1
                return word + 1
            }
            inner += 1
            return inner - 1
        }
        for made in words..<2 * words - 1 {
            let first = takeSmallest()
            let second = takeSmallest()
            parent[first] = made
            parent[second] = made
            turn[second] = true
            // Counts of a real corpus never come near overflow; a made-up vocabulary might.
            weight.append(weight[first].addingReportingOverflow(weight[second]).partialValue)
        }
        let root = 2 * words - 2
        for word in 0..<words {
            let start = nodes.count
            var node = word
            while node != root {
                nodes.append(UInt32(parent[node] - words))
                turns.append(turn[node])
                node = parent[node]
            }
            nodes[start...].reverse()
            turns[start...].reverse()
            starts.append(nodes.count)
            depth = max(depth, nodes.count - start)
        }
    }

    /// The number of inner nodes.
    package var nodeCount: Int { starts.count - 2 }

    /// How many turns lead to a word.
    @inline(__always)
    package func length(of word: Int) -> Int { starts[word + 1] - starts[word] }

    /// The inner node at a step of the way to a word, and the turn taken there.
    @inline(__always)
    package func step(_ step: Int, to word: Int) -> (node: Int, turn: Bool) {
        let place = starts[word] + step
        return (Int(nodes[place]), turns[place])
    }
}
