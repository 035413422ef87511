import TestSupport
import Testing
import Word2Vec

@Suite("Parts of training")
struct TrainingPartsTests {
    private static let counts: [[Int]] = [
        [1, 1], [5, 3, 1], [8, 5, 3, 2, 1, 1], [Int](repeating: 7, count: 33),
        (1...500).map { 100_000 / $0 }, (0..<60).map { 1 << (59 - $0) },
    ]

    @Test("A Huffman tree's codes are a full prefix code of least total length", arguments: counts)
    func huffman(counts: [Int]) {
        let tree = HuffmanTree(counts: counts)
        #expect(tree.nodeCount == counts.count - 1)
        // Kraft's sum is 1 exactly if the code has no gaps. Lengths are below 64 here, so the sum is exact.
        let kraft = counts.indices.reduce(0.0) { $0 + 1 / Double(UInt64(1) << UInt64(tree.length(of: $1))) }
        #expect(kraft == 1)
        #expect(tree.depth == counts.indices.map(tree.length).max())

        var codes = Set<[Bool]>()
        for word in counts.indices {
            let steps = (0..<tree.length(of: word)).map { tree.step($0, to: word) }
            #expect(steps[0].node == tree.nodeCount - 1)
            #expect(Set(steps.map(\.node)).count == steps.count)
            #expect(steps.allSatisfy { (0..<tree.nodeCount).contains($0.node) })
            codes.insert(steps.map(\.turn))
        }
        #expect(codes.count == counts.count)

        let paths = ScalarWord2Vec.huffmanPaths(counts.map(Double.init))
        let length = counts.indices.reduce(0.0) { $0 + Double(counts[$1]) * Double(tree.length(of: $1)) }
        let least = counts.indices.reduce(0.0) { $0 + Double(counts[$1]) * Double(paths[$1].count) }
        #expect(length == least)
    }

    @Test("Two words that share a node turn differently at the last one they share")
    func prefixes() {
        let counts = (1...40).map { 1000 / $0 }
        let tree = HuffmanTree(counts: counts)
        for first in counts.indices {
            for second in 0..<first {
                var step = 0
                while tree.step(step, to: first) == tree.step(step, to: second) { step += 1 }
                #expect(tree.step(step, to: first).node == tree.step(step, to: second).node)
            }
        }
    }

    @Test("A grown tree keeps the old nodes behind a new root, and is a full prefix code again", arguments: 0..<4)
    func grownTree(newWords: Int) {
        let old = HuffmanTree(counts: [9, 6, 4, 2, 1])
        // The old words in another order, a new one between each two of them.
        let order = [3, 0, 4, 2, 1]
        var oldWords: [Int?] = []
        for (place, word) in order.enumerated() { oldWords += place < newWords ? [nil, word] : [word] }
        let counts = (0..<oldWords.count).map { 100 - 7 * $0 }
        let tree = HuffmanTree(checking: old.grown(counts: counts, oldWords: oldWords).links)!

        #expect(tree.nodeCount == oldWords.count - 1)
        let kraft = counts.indices.reduce(0.0) { $0 + 1 / Double(UInt64(1) << UInt64(tree.length(of: $1))) }
        #expect(kraft == 1)
        var codes = Set<[Bool]>()
        for (word, oldWord) in oldWords.enumerated() {
            let steps = (0..<tree.length(of: word)).map { tree.step($0, to: word) }
            #expect(steps[0].node == tree.nodeCount - 1)
            codes.insert(steps.map(\.turn))
            guard let oldWord else {
                #expect(steps[0].turn)
                #expect(steps.dropFirst().allSatisfy { $0.node < newWords - 1 })
                continue
            }
            if newWords > 0 { #expect(!steps[0].turn) }
            let rest = steps.dropFirst(newWords > 0 ? 1 : 0)
            #expect(rest.count == old.length(of: oldWord))
            for (step, (node, turn)) in rest.enumerated() {
                let before = old.step(step, to: oldWord)
                #expect(node == before.node + max(0, newWords - 1) && turn == before.turn)
            }
        }
        #expect(codes.count == oldWords.count)
    }

    @Test("Links that make no tree are refused")
    func links() {
        let links = HuffmanTree(counts: [8, 5, 3, 2, 1, 1]).links
        #expect(HuffmanTree(checking: links) != nil)
        for place in links.indices {
            for link in 0..<12 as Range<UInt32> where link != links[place] {
                var changed = links
                changed[place] = link
                #expect(HuffmanTree(checking: changed) == nil)
            }
        }
        #expect(HuffmanTree(checking: Array(links.dropLast())) == nil)
        // A tree that is one long branch, with ways too long for memory together: each inner node holds a word and,
        // but for the lowest, which holds two, the inner node below it.
        let words = 1_000_000
        let branch = [0] + (0..<UInt32(words) - 1).map { $0 << 1 | 1 } + (1..<UInt32(words) - 1).map { $0 << 1 }
        #expect(HuffmanTree(checking: branch) == nil)
    }

    @Test("An alias table draws each number as often as its weight says", arguments: [0.0, 0.75, 1.0, -0.5])
    func alias(exponent: Double) {
        let counts = [1000, 500, 100, 100, 7, 3, 1]
        let weights = counts.map { pow(Double($0), exponent) }
        let table = AliasTable(counts: counts, exponent: exponent)
        var random = RandomGenerator(seed: 7)
        let draws = 1_000_000
        var hits = [Int](repeating: 0, count: counts.count)
        for _ in 0..<draws { hits[table.draw(&random)] += 1 }
        for (hit, weight) in zip(hits, weights) {
            let probability = weight / weights.reduce(0, +)
            let deviation = (probability * (1 - probability) * Double(draws)).squareRoot()
            #expect(abs(Double(hit) - probability * Double(draws)) < 5 * deviation + 1)
        }
    }

    @Test("Subsampling keeps words as often as word2vec's formula says")
    func subsampling() {
        // Shares 0.9, 0.09, 0.009, 0.001 at sample 0.01: (√(f/s) + 1) · s/f.
        let expected = [0.116_520, 0.444_444, 1.0, 1.0]
        let counts = [9000, 900, 90, 10]
        let subsampling = Subsampling(counts: counts, sample: 0.01)
        var random = RandomGenerator(seed: 1)
        for (word, probability) in expected.enumerated() {
            let share = Double(counts[word]) / 10_000
            #expect(abs(Subsampling.keepProbability(share: share, sample: 0.01) - probability) < 1e-5)
            var kept = 0
            for _ in 0..<100_000 where subsampling.keeps(word, &random) { kept += 1 }
            #expect(abs(Double(kept) / 100_000 - probability) < 0.01)
        }
        let none = Subsampling(counts: counts, sample: 0)
        for _ in 0..<1000 { #expect(none.keeps(0, &random)) }
    }

    @Test("The random generator spreads evenly and starts elsewhere for every purpose")
    func random() {
        var starts = Set<UInt64>()
        for seed in 0..<20 as Range<UInt64> {
            for epoch in 0..<5 {
                for passage in 0..<20 {
                    var random = RandomGenerator(seed: seed, epoch, passage)
                    starts.insert(random.next())
                }
            }
        }
        #expect(starts.count == 2000)

        var random = RandomGenerator(seed: 0)
        var hits = [Int](repeating: 0, count: 7)
        var sum = 0.0
        for _ in 0..<70_000 {
            hits[random.below(7)] += 1
            let unit = random.unit()
            #expect(unit >= 0 && unit < 1)
            sum += Double(unit)
        }
        #expect(hits.allSatisfy { abs($0 - 10_000) < 500 })
        #expect(abs(sum / 70_000 - 0.5) < 0.01)
    }

    private func pow(_ base: Double, _ exponent: Double) -> Double {
        switch exponent {
        case 0: 1
        case 0.75: base.squareRoot() * base.squareRoot().squareRoot()
        case -0.5: 1 / base.squareRoot()
        default: base
        }
    }

    @Test(
        "Changes of two threads' copies add up once both have merged, whichever end is hot",
        arguments: [true, false]
    )
    func hotRows(firstIsHottest: Bool) throws {
        let count = 100
        let shared = try SharedRows(count: count, dimension: 3)
        for number in 0..<count { shared.row(number)[1] = Float(number) }
        let order = firstIsHottest ? HotRows.Order.firstIsHottest : .lastIsHottest
        let threads = [try HotRows(shared, hotCount: 40, order), try HotRows(shared, hotCount: 40, order)]
        for (thread, rows) in threads.enumerated() {
            for number in 0..<count {
                #expect(rows.row(number)[1] == Float(number) + (isHot(number) || thread == 0 ? 0 : 1))
                rows.row(number)[1] += Float(thread + 1)
            }
        }
        func isHot(_ number: Int) -> Bool { firstIsHottest ? number < 40 : number >= 60 }
        // Nobody else has seen the changes of copies so far.
        for number in 0..<count { #expect(shared.row(number)[1] == Float(number) + (isHot(number) ? 0 : 3)) }
        for rows in threads + [threads[0]] { rows.mergeAll() }
        for number in 0..<count {
            #expect(shared.row(number)[1] == Float(number) + 3)
            for rows in threads { #expect(rows.row(number)[1] == Float(number) + 3) }
        }
    }

    @Test("Rows are merged the more rarely the rarer they are")
    func rarity() throws {
        let shared = try SharedRows(count: 64, dimension: 1)
        var rows = try HotRows(shared, hotCount: 64, .firstIsHottest)
        // How often each row's changes have arrived.
        for _ in 0..<8 {
            for number in 0..<64 { rows.row(number)[0] += 1 }
            rows.merge()
        }
        for number in 0..<64 { #expect(shared.row(number)[0] == 8) }
        for number in 0..<64 { rows.row(number)[0] += 1 }
        rows.merge()
        for number in 0..<64 { #expect(shared.row(number)[0] == (number < 8 ? 9 : 8)) }
        rows.merge()
        for number in 0..<64 { #expect(shared.row(number)[0] == (number < 16 ? 9 : 8)) }
    }
}
