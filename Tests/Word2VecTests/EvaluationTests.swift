import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Evaluation")
struct EvaluationTests {
    /// Countries and capitals on a grid: a capital lies one step above its country. "Oslo" stands where it shouldn't.
    private func atlas() throws -> WordVectors {
        try WordVectors(
            words: ["france", "paris", "Paris", "italy", "rome", "spain", "madrid", "norway", "oslo", "rare"],
            matrix: VectorMatrix(
                rows: [
                    [3, 0, 1, 0], [3, 0, 1, 2], [0, 0, -9, 0], [0, 3, 1, 0], [0, 3, 1, 2],
                    [2, 2, 1, 0], [2, 2, 1, 2], [-3, 1, 1, 0], [-3, -3, 0, 0], [1, 1, 1, 1],
                ]
            )
        )
    }

    private func file<Result>(_ text: String, _ body: (URL) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "questions.txt")
            try Data(text.utf8).write(to: url)
            return try body(url)
        }
    }

    private static let questions = """
        // a comment
        : capitals
        France Paris Italy Rome
        Italy Rome Spain Madrid
        # another
        France Paris Norway Oslo
        France Paris Atlantis Poseidonis

        : backwards
        Rome Italy Paris France
        : unknown
        a b c d
        : empty
        """

    @Test("Analogies are counted section by section, unknown words skipped", arguments: [1, 2, 8])
    func analogies(threads: Int) throws {
        let result = try file(Self.questions) {
            try atlas().evaluateAnalogies(AnalogyQuestions(contentsOf: $0), threads: .threads(threads))
        }
        #expect(result.sections.map(\.name) == ["capitals", "backwards", "unknown", "empty"])
        #expect(result.sections.map(\.correct) == [2, 1, 0, 0])
        #expect(result.sections.map(\.asked) == [3, 1, 0, 0])
        #expect(result.sections.map(\.skipped) == [1, 0, 1, 0])
        #expect(result.correct == 3 && result.asked == 4 && result.skipped == 2)
        #expect(result.accuracy == 0.75)
        #expect(result.sections[2].accuracy.isNaN)
    }

    @Test("Case counts if it shall, and then the right variant is meant")
    func caseSensitivity() throws {
        let questions = try file(Self.questions) { try AnalogyQuestions(contentsOf: $0) }
        #expect(try atlas().evaluateAnalogies(questions, caseInsensitive: false).asked == 0)
        let lower = AnalogyQuestions(sections: [
            .init(name: "x", questions: [.init(a: "france", b: "paris", c: "italy", expected: "rome")])
        ])
        #expect(try atlas().evaluateAnalogies(lower, caseInsensitive: false).correct == 1)
        let upper = AnalogyQuestions(sections: [
            .init(name: "x", questions: [.init(a: "france", b: "Paris", c: "italy", expected: "rome")])
        ])
        // "Paris" stands for another vector, far away; both variants are among the words that can't be the answer
        // only if case doesn't count.
        #expect(try atlas().evaluateAnalogies(upper, caseInsensitive: true).correct == 1)
        #expect(try atlas().evaluateAnalogies(upper, caseInsensitive: false).correct == 0)
    }

    @Test("From an async function the answers are the same, and a cancelled task ends the evaluation")
    func asynchronous() async throws {
        let questions = try file(Self.questions) { try AnalogyQuestions(contentsOf: $0) }
        let words = try atlas()
        #expect(try await words.evaluateAnalogies(questions).correct == 3)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await words.evaluateAnalogies(questions)
        }
        task.cancel()
        let error = await #expect(throws: VectorError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test("Restricting to the first words skips questions and narrows the choice")
    func restrict() throws {
        let result = try file(Self.questions) {
            try atlas().evaluateAnalogies(AnalogyQuestions(contentsOf: $0), restrict: 5)
        }
        #expect(result.sections.map(\.asked) == [1, 1, 0, 0])
        #expect(throws: VectorError.self) {
            try file(Self.questions) { try atlas().evaluateAnalogies(AnalogyQuestions(contentsOf: $0), restrict: 0) }
        }
    }

    @Test("Analogies are answered as mostSimilar answers them, over random vectors", arguments: 0..<3 as Range<UInt64>)
    func againstMostSimilar(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let words = (0..<60).map { "w\($0)" }
        let vectors = try WordVectors(
            words: words,
            matrix: VectorMatrix((0..<60 * 9).map { _ in Float.random(in: -1...1, using: &random) }, dimension: 9)
        )
        let questions: [AnalogyQuestions.Question] = try (0..<200).map { number in
            let three = Array(words.shuffled(using: &random)[..<3])
            let answer = try vectors.mostSimilar(positive: [three[1], three[2]], negative: [three[0]], top: 2)
            // Every other question expects the second best answer, and so isn't answered right.
            return .init(a: three[0], b: three[1], c: three[2], expected: answer[number % 2].word)
        }
        let result = try vectors.evaluateAnalogies(AnalogyQuestions(sections: [.init(name: "", questions: questions)]))
        #expect(result.asked == 200 && result.correct == 100)
    }

    @Test(
        "A file that holds no analogies is refused",
        arguments: ["", ": only a section\n", "a b c d\n", ": x\na b c\n", ": x\na b c d e\n", "# nothing\n"]
    )
    func badAnalogies(text: String) throws {
        let error = #expect(throws: VectorError.self) { try file(text) { try AnalogyQuestions(contentsOf: $0) } }
        #expect(error?.code == .invalidFormat)
    }

    /// Words a0…a7, b0…b7 such that the cosine of pair n is values[n].
    private func pairs(cosines: [Double]) throws -> WordVectors {
        try WordVectors(
            words: cosines.indices.flatMap { ["a\($0)", "b\($0)"] },
            matrix: VectorMatrix(
                cosines.flatMap { [1, 0, Float($0), Float((1 - $0 * $0).squareRoot())] },
                dimension: 2
            )
        )
    }

    @Test("Spearman and Pearson agree with SciPy, ties included")
    func correlation() throws {
        // scipy.stats on [1, 2, 2, 3, 5, 5, 5, 8] and [2, 1, 4, 4, 3, 7, 9, 9]: 0.76410782, 0.80297641.
        let scores = [1.0, 2, 2, 3, 5, 5, 5, 8]
        let vectors = try pairs(cosines: [2.0, 1, 4, 4, 3, 7, 9, 9].map { $0 / 16 })
        let pairs = WordPairs(scores.enumerated().map { .init("a\($0.offset)", "B\($0.offset)", score: $0.element) })
        let result = try vectors.evaluateWordPairs(pairs)
        #expect(abs(result.spearman - 0.764_107_82) < 1e-6)
        #expect(abs(result.pearson - 0.802_976_41) < 1e-6)
        #expect(result.pairs == 8 && result.unknown == 0)
    }

    @Test("The files of the field are read: tabs, spaces, commas, comments, headings, further columns")
    func pairFiles() throws {
        let expected = [WordPairs.Pair("tiger", "cat", score: 7.35), WordPairs.Pair("old", "new", score: 1.5)]
        let texts: [(String, Character?)] = [
            ("# a comment\n# another\ntiger\tcat\t7.35\nold\tnew\t1.5\n", nil),
            ("tiger cat 7.35\r\nold new 1.5\r\n", nil),
            ("word1\tword2\tscore\ntiger\tcat\t7.35\t9\tx\n\nold\tnew\t1.5\t9\tx", nil),
            ("Word 1,Word 2,Human (mean)\ntiger,cat,7.35\nold,new,1.5\n", ","),
            // As WordSim-353 and SimLex-999 are published.
            ("Word 1,Word 2,Human (mean)\r\ntiger,cat,7.35\r\nold,new,1.5\r\n", nil),
            (
                "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\ntiger\tcat\tN\t7.35\t2.72\t2.81\n"
                    + "old\tnew\tA\t1.5\t3.5\t2.9\n", nil
            ),
            ("\u{FEFF}tiger cat 7.35\nold new 1.5", nil),
            ("tiger; cat; 7.35\nold; new; 1.5\n", ";"),
        ]
        for (number, (text, delimiter)) in texts.enumerated() {
            let pairs = try file(text) { try WordPairs(contentsOf: $0, delimiter: delimiter) }
            #expect(pairs.pairs == expected)
            #expect((pairs.heading != nil) == [2, 3, 4, 5].contains(number))
        }
    }

    @Test("Unknown words are skipped and counted, and restrict makes more of them unknown")
    func unknownPairs() throws {
        let vectors = try pairs(cosines: [0.1, 0.2, 0.9])
        let pairs = WordPairs([
            .init("a0", "b0", score: 1), .init("a1", "b1", score: 2), .init("a2", "b2", score: 3),
            .init("a0", "missing", score: 4),
        ])
        let all = try vectors.evaluateWordPairs(pairs)
        #expect(all.pairs == 3 && all.unknown == 1 && abs(all.spearman - 1) < 1e-12)
        let some = try vectors.evaluateWordPairs(pairs, restrict: 4)
        #expect(some.pairs == 2 && some.unknown == 2)
        #expect(try vectors.evaluateWordPairs(pairs, caseInsensitive: false).pairs == 3)
    }

    @Test("Where there is no correlation there is an error")
    func noCorrelation() throws {
        let vectors = try pairs(cosines: [0.1, 0.2, 0.2])
        let cases: [[WordPairs.Pair]] = [
            [], [.init("a0", "b0", score: 1)], [.init("x", "y", score: 1), .init("y", "z", score: 2)],
            [.init("a0", "b0", score: 1), .init("a1", "b1", score: 1)],
            [.init("a1", "b1", score: 1), .init("a2", "b2", score: 2)],
        ]
        for pairs in cases {
            let error = #expect(throws: VectorError.self) { try vectors.evaluateWordPairs(WordPairs(pairs)) }
            #expect(error?.code == .invalidArgument)
        }
        #expect(throws: VectorError.self) { try vectors.evaluateWordPairs(WordPairs(cases[3]), restrict: -1) }
    }

    @Test(
        "A file that holds no word pairs is refused",
        arguments: [
            "", "# x\n", "a b\n", "a b 1\nc d\n", "a b 1\nc d e\n", "a b 1\nc d nan\n", "a b 1\nc d inf\n",
            // A damaged first line is no heading.
            "a b 7.3x5\nc d 1\n", "a b nan\nc d 1\n", "a b inf\nc d 1\n", "a b ?\nc d 1\n", "a b\nc d 1\n",
            "a b N 7.3x5 2.72\n", "a b N 7.3 2\nc d N x 2\n",
        ]
    )
    func badPairs(text: String) throws {
        let error = #expect(throws: VectorError.self) { try file(text) { try WordPairs(contentsOf: $0) } }
        #expect(error?.code == .invalidFormat)
        let delimiter = #expect(throws: VectorError.self) {
            try file("aébé1") { try WordPairs(contentsOf: $0, delimiter: "é") }
        }
        #expect(delimiter?.code == .invalidArgument)
    }
}
