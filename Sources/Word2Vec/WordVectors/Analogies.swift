public import Vectors

public import struct Foundation.URL

/// Questions of the kind "a is to b as c is to what?", in sections, such as Google's `questions-words.txt`.
public struct AnalogyQuestions: Sendable, Hashable {
    /// One question with its answer.
    public struct Question: Sendable, Hashable {
        /// A word.
        public var a: String
        /// What belongs to ``a``.
        public var b: String
        /// Another word.
        public var c: String
        /// What belongs to ``c`` in the same way.
        public var expected: String

        /// Makes a question.
        public init(a: String, b: String, c: String, expected: String) {
            self.a = a
            self.b = b
            self.c = c
            self.expected = expected
        }
    }

    /// Questions of one kind.
    public struct Section: Sendable, Hashable {
        /// The section's name.
        public var name: String
        /// Its questions.
        public var questions: [Question]

        /// Makes a section.
        public init(name: String, questions: [Question]) {
            self.name = name
            self.questions = questions
        }
    }

    /// The questions, section by section.
    public var sections: [Section]

    /// Makes questions from sections.
    public init(sections: [Section]) {
        self.sections = sections
    }

    /// Reads questions from a text file: sections start with a line ": name"; other lines hold four words. Blank lines
    /// and those that start with "#" or "//" are skipped.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, or `invalidFormat` for any other line, a question before
    ///   the first section, or a file without questions.
    public init(contentsOf url: URL) throws(VectorError) {
        let file = try ByteStream(url)
        var sections: [Section] = []
        try TextLines(file, maximumLength: 1 << 16).forEach { number, line throws(VectorError) in
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("#") || text.hasPrefix("//") { return }
            if text.hasPrefix(":") {
                let name = text.dropFirst().drop { $0.isWhitespace }
                sections.append(Section(name: String(name), questions: []))
                return
            }
            let words = line[...].fields.map { String(decoding: $0, as: UTF8.self) }
            if words.isEmpty { return }
            guard words.count == 4 else {
                throw VectorError(
                    .invalidFormat,
                    "line \(number) of '\(file.path)' has \(words.count) words, not the 4 of an analogy"
                )
            }
            guard !sections.isEmpty else {
                throw VectorError(
                    .invalidFormat,
                    "line \(number) of '\(file.path)' stands before the first section, a line ': name'"
                )
            }
            sections[sections.count - 1].questions.append(
                Question(a: words[0], b: words[1], c: words[2], expected: words[3])
            )
        }
        guard sections.contains(where: { !$0.questions.isEmpty }) else {
            throw VectorError(.invalidFormat, "'\(file.path)' holds no analogies")
        }
        self.sections = sections
    }

    /// As `init(contentsOf:)`, off the cooperative pool.
    public init(contentsOf url: URL) async throws(VectorError) {
        self = try await runBlocking { _ throws(VectorError) in try AnalogyQuestions(contentsOf: url) }
    }
}

/// How well word vectors answer analogies.
public struct AnalogyEvaluation: Sendable, Hashable {
    /// The answers to one kind of questions.
    public struct Section: Sendable, Hashable {
        /// The section's name.
        public var name: String
        /// How many questions were answered as expected.
        public var correct: Int
        /// How many questions were asked: those whose four words are known.
        public var asked: Int
        /// How many questions were skipped, as they hold an unknown word.
        public var skipped: Int

        /// The part of the questions asked that were answered as expected, from 0 to 1; NaN if none was asked.
        public var accuracy: Double { Double(correct) / Double(asked) }
    }

    /// The answers, section by section.
    public var sections: [Section]

    /// How many questions were answered as expected.
    public var correct: Int { sections.reduce(0) { $0 + $1.correct } }
    /// How many questions were asked.
    public var asked: Int { sections.reduce(0) { $0 + $1.asked } }
    /// How many questions were skipped, as they hold an unknown word.
    public var skipped: Int { sections.reduce(0) { $0 + $1.skipped } }
    /// The part of the questions asked that were answered as expected, from 0 to 1; NaN if none was asked.
    public var accuracy: Double { Double(correct) / Double(asked) }
}

extension WordVectors {
    /// Asks for the word most similar to b − a + c for each question, as gensim's `evaluate_word_analogies` does.
    ///
    /// A question with a word that is not among the first `restrict` words is skipped. The three words given are never
    /// the answer. Takes time in proportion to questions × `restrict` × dimension.
    ///
    /// - Parameters:
    ///   - questions: the questions.
    ///   - restrict: use only so many words from the start, the most frequent. (gensim's default is 300,000; word2vec's
    ///     is 30,000.)
    ///   - caseInsensitive: take words for the same if they differ in case only; the first in ``words`` stands for all.
    ///   - threads: how many threads to use.
    /// - Throws: `VectorError` with code `invalidArgument` if `restrict` is below 1, `tooLarge`, or `cancelled` if
    ///   the calling task is.
    public func evaluateAnalogies(
        _ questions: AnalogyQuestions,
        restrict: Int = 30_000,
        caseInsensitive: Bool = true,
        threads: ThreadLimit = .automatic
    ) throws(VectorError) -> AnalogyEvaluation {
        let keys = KnownWords(self, limit: try limit(restrict), caseInsensitive: caseInsensitive)
        var asked: [AnalogySolver.Question] = []
        var result = AnalogyEvaluation(sections: [])
        for (number, section) in questions.sections.enumerated() {
            var known = 0
            for question in section.questions {
                guard let a = keys.row(of: question.a), let b = keys.row(of: question.b),
                    let c = keys.row(of: question.c), let expected = keys.row(of: question.expected)
                else { continue }
                asked.append(AnalogySolver.Question(a: a, b: b, c: c, expected: expected, section: number))
                known += 1
            }
            result.sections.append(
                AnalogyEvaluation.Section(
                    name: section.name,
                    correct: 0,
                    asked: known,
                    skipped: section.questions.count - known
                )
            )
        }
        let solver = try AnalogySolver(self, keys: keys, questions: asked)
        for (question, isCorrect) in zip(asked, try solver.solve(threads: threads)) where isCorrect {
            result.sections[question.section].correct += 1
        }
        return result
    }

    /// As `evaluateAnalogies(_:restrict:caseInsensitive:threads:)`, off the cooperative pool; stops when the task is
    /// cancelled.
    public func evaluateAnalogies(
        _ questions: AnalogyQuestions,
        restrict: Int = 30_000,
        caseInsensitive: Bool = true,
        threads: ThreadLimit = .automatic
    ) async throws(VectorError) -> AnalogyEvaluation {
        try await runBlocking { _ throws(VectorError) in
            try evaluateAnalogies(
                questions,
                restrict: restrict,
                caseInsensitive: caseInsensitive,
                threads: threads
            )
        }
    }
}

/// The first words of word vectors as an evaluation knows them: with or without regard to case.
struct KnownWords: Sendable {
    /// For each row the first row whose word counts as the same.
    let representatives: [Int]
    private let table: WordTable
    private let caseInsensitive: Bool

    init(_ vectors: WordVectors, limit: Int, caseInsensitive: Bool) {
        self.caseInsensitive = caseInsensitive
        var table = WordTable()
        var firstRows: [Int] = []
        representatives = vectors.words[..<limit].enumerated().map { row, word in
            let (number, isNew) = table.insert(caseInsensitive ? word.uppercased() : word)
            if isNew { firstRows.append(row) }
            return firstRows[number]
        }
        rows = firstRows
        self.table = table
    }

    private let rows: [Int]

    func row(of word: String) -> Int? {
        table.find(caseInsensitive ? word.uppercased() : word).map { rows[$0] }
    }
}

/// Answers many analogies at once: all vectors' dot products with all questions' vectors.
private struct AnalogySolver {
    struct Question {
        var a: Int
        var b: Int
        var c: Int
        var expected: Int
        var section: Int
    }

    private let keys: KnownWords
    private let questions: [Question]
    /// The words' vectors, scaled to length 1.
    private let units: SharedRows
    private let wordCount: Int
    /// Questions that go through the vocabulary together.
    private static let block = 64

    init(_ vectors: WordVectors, keys: KnownWords, questions: [Question]) throws(VectorError) {
        self.keys = keys
        self.questions = questions
        wordCount = keys.representatives.count
        units = try SharedRows(count: wordCount, dimension: vectors.dimension)
        for row in 0..<wordCount {
            let direction = Direction(vectors.matrix[row]).components
            units.row(row).update(from: direction, count: direction.count)
        }
    }

    /// For each question whether its answer is right.
    func solve(threads: ThreadLimit) throws(VectorError) -> [Bool] {
        let cancellation = Cancellation.current
        let isCorrect = Locked([Bool](repeating: false, count: questions.count))
        try inPieces(of: questions.count, size: Self.block, threads: threads) { piece throws(VectorError) in
            try cancellation.check("the evaluation of analogies")
            let answers = answer(piece, try SharedRows(count: Self.block, dimension: units.dimension))
            isCorrect.withLock { $0.replaceSubrange(piece, with: answers) }
        }
        return isCorrect.withLock { $0 }
    }

    private func answer(_ range: Range<Int>, _ targets: SharedRows) -> [Bool] {
        for (place, question) in range.map({ questions[$0] }).enumerated() {
            let (a, b, c) = (units.row(question.a), units.row(question.b), units.row(question.c))
            let target = targets.row(place)
            for column in 0..<units.dimension { target[column] = b[column] - a[column] + c[column] }
        }
        var best = [(row: Int, product: Float)](repeating: (-1, -.infinity), count: range.count)
        for row in 0..<wordCount {
            let key = keys.representatives[row]
            for place in best.indices {
                let product = units.dot(units.row(row), targets.row(place))
                guard product > best[place].product else { continue }
                let question = questions[range.lowerBound + place]
                if key == question.a || key == question.b || key == question.c { continue }
                best[place] = (row, product)
            }
        }
        return best.indices.map { place in
            let row = best[place].row
            return row >= 0 && keys.representatives[row] == questions[range.lowerBound + place].expected
        }
    }
}
