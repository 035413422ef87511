import Vectors

/// The binary tree in which frequent words lie near the root: hierarchical softmax predicts a word by the turns on
/// the way to it. (Huffman 1952, doi:10.1109/JRPROC.1952.273898)
package struct HuffmanTree: Sendable {
    /// What the tree is made of: for each word, and then each inner node but the root, the number of the inner node
    /// above it, doubled, plus the turn taken there.
    ///
    /// The inner node above has the larger number, and the root the largest.
    package let links: [UInt32]
    /// Where each word's way starts in `steps`; one more than words.
    private let starts: FixedTable<UInt32>
    /// The inner nodes on all ways, from the root on, doubled, plus the turn taken there.
    private let steps: FixedTable<UInt32>

    /// The longest way.
    package let depth: Int

    /// The tree over words with these counts, at least 2 of them, in falling order.
    package init(counts: [Int]) {
        self.init(links: Self.links(counts: counts))
    }

    /// The tree that these links make; nil if they make none, or one whose ways take more memory than there is.
    package init?(checking links: [UInt32]) {
        let words = links.count / 2 + 1
        // As many links as turns: if none occurs twice, each inner node has both its turns. If all lead upwards, all
        // lead to the root.
        var taken = [Bool](repeating: false, count: links.count)
        for (place, link) in links.enumerated() {
            guard link < links.count, !taken[Int(link)], place < words || link >> 1 > place - words else { return nil }
            taken[Int(link)] = true
        }
        guard links.count == 2 * (words - 1) else { return nil }
        var depths = [Int](repeating: 0, count: words - 1)
        for node in (0..<max(0, words - 2)).reversed() { depths[node] = depths[Int(links[words + node] >> 1)] + 1 }
        let steps = links[..<min(words, links.count)].reduce(0) { $0 + depths[Int($1 >> 1)] + 1 }
        guard steps < min(Int(UInt32.max), usableMemory / 8) else { return nil }
        self.init(links: links)
    }

    /// Finds the ways.
    private init(links: [UInt32]) {
        self.links = links
        let words = links.count / 2 + 1
        var starts: [UInt32] = [0]
        var steps: [UInt32] = []
        var depth = 0
        for word in 0..<words {
            let start = steps.count
            var place = word
            while place < links.count {
                steps.append(links[place])
                place = words + Int(links[place] >> 1)
            }
            steps[start...].reverse()
            starts.append(UInt32(steps.count))
            depth = max(depth, steps.count - start)
        }
        self.depth = depth
        self.starts = FixedTable(starts)
        self.steps = FixedTable(steps)
        nodeCount = words - 1
    }

    private static func links(counts: [Int]) -> [UInt32] {
        let words = counts.count
        // Nodes 0..<words are the words, the rest inner nodes in the order of making, the root last.
        var weight = counts
        var links = [UInt32](repeating: 0, count: 2 * words - 2)
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
        for made in 0..<words - 1 {
            let first = takeSmallest()
            let second = takeSmallest()
            links[first] = UInt32(made) << 1
            links[second] = UInt32(made) << 1 | 1
            // Counts of a real corpus never come near overflow; a made-up vocabulary might.
            weight.append(weight[first].addingReportingOverflow(weight[second]).partialValue)
        }
        return links
    }

    /// The tree of a vocabulary that has grown: a new root parts the old tree from a tree over the new words, so that
    /// what the old inner nodes have learned keeps its meaning.
    ///
    /// Inner nodes are numbered anew: those of the new words, of which there is one less than new words, then the old
    /// ones in their order, then the new root. Without new words nothing changes but the order of words.
    ///
    /// - Parameters:
    ///   - counts: of the words of the grown vocabulary, in falling order.
    ///   - oldWords: the number that each of these words has in this tree; nil for new words.
    package func grown(counts: [Int], oldWords: [Int?]) -> HuffmanTree {
        let newCounts = zip(counts, oldWords).filter { $1 == nil }.map(\.0)
        guard !newCounts.isEmpty else {
            return HuffmanTree(links: oldWords.map { links[$0!] } + links[oldWords.count...])
        }
        let new = Self.links(counts: newCounts)
        let oldCount = links.count / 2 + 1
        let newNodes = newCounts.count - 1
        let root = UInt32(oldCount + newNodes - 1)
        // The old root's link, and the new one's, lead to the root that joins them.
        let oldLinks = links.map { $0 + UInt32(newNodes) << 1 } + [root << 1]
        let newLinks = new + [root << 1 | 1]
        var nextNew = 0
        let wordLinks = oldWords.map { old in
            if let old { return oldLinks[old] }
            nextNew += 1
            return newLinks[nextNew - 1]
        }
        return HuffmanTree(links: wordLinks + newLinks[newCounts.count...] + oldLinks[oldCount...])
    }

    /// The number of inner nodes.
    package let nodeCount: Int

    /// How many turns lead to a word.
    package func length(of word: Int) -> Int { ways[word].count }

    /// The inner node at a step of the way to a word, and the turn taken there.
    package func step(_ step: Int, to word: Int) -> (node: Int, turn: Bool) {
        let step = ways[word][step]
        return (step.node, step.turn)
    }

    /// The ways to all words, for the innermost loop; good as long as the tree is.
    var ways: Ways { Ways(starts: starts.start, steps: steps.start) }

    /// The ways to all words.
    struct Ways {
        fileprivate let starts: UnsafePointer<UInt32>
        fileprivate let steps: UnsafePointer<UInt32>

        /// The way to a word, from the root on.
        @inline(__always)
        subscript(word: Int) -> Way {
            let start = Int(starts[word])
            return Way(start: steps + start, count: Int(starts[word &+ 1]) &- start)
        }

        /// Where the subscript will look, to have it brought near before.
        @inline(__always)
        func address(of word: Int) -> UnsafeRawPointer { UnsafeRawPointer(starts + word) }
    }

    /// The way to a word.
    struct Way {
        let start: UnsafePointer<UInt32>
        let count: Int

        @inline(__always)
        subscript(step: Int) -> (node: Int, turn: Bool) {
            (Int(start[step] >> 1), start[step] & 1 == 1)
        }
    }
}
