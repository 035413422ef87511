public import Foundation
public import Vectors

extension Phrases {
    /// Writes the phrases to a text file, whole or not at all: a line of JSON with what they were learned with, then a
    /// line for each word or pair with its count, a space, and its text.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, or `invalidArgument` for a word with a line's end in it.
    public func write(to url: URL) throws(VectorError) {
        for number in 0..<table.count where table[number].utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            throw VectorError(
                .invalidArgument,
                "the word '\(table[number].prefix(40))' holds a line's end, for which the file has no room"
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let header = try? encoder.encode(Header(self)) else {
            throw VectorError(.invalidArgument, "threshold \(settings.threshold) can't be written")
        }
        let file = try AtomicFile(replacing: url)
        try file.write(Array(header) + [0x0A])
        for number in 0..<table.count { try file.write("\(counts[number]) \(table[number])\n") }
        try file.commit()
    }

    /// Reads phrases from a file that `write(to:)` has written.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, or `invalidFormat` for anything else in the file.
    public init(contentsOf url: URL) throws(VectorError) {
        let file = try ByteStream(url)
        var header: Header?
        var table = WordTable()
        var counts: [Int] = []
        // A line holds all connector words, or one pair.
        try TextLines(file).forEach { number, line throws(VectorError) in
            guard header != nil else {
                header = try? JSONDecoder().decode(Header.self, from: Data(line))
                guard let header, header.format == Header.format else {
                    throw VectorError(.invalidFormat, "'\(file.path)' does not start as a file of phrases does")
                }
                return
            }
            let fields = line.split(separator: 0x20, maxSplits: 1, omittingEmptySubsequences: false)
            guard fields.count == 2, let count = Int(String(decoding: fields[0], as: UTF8.self)), count >= 1,
                (1...Corpus.maximumWordLength).contains(fields[1].count)
            else {
                throw VectorError(.invalidFormat, "line \(number) of '\(file.path)' is not a count and a word")
            }
            guard table.insert(UnsafeBufferPointer(rebasing: fields[1])).isNew else {
                throw VectorError(
                    .invalidFormat,
                    "line \(number) of '\(file.path)' holds a word that was there before"
                )
            }
            counts.append(count)
        }
        guard let header, header.entries == table.count else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' declares \(header?.entries ?? 0) words and pairs and holds \(table.count)"
            )
        }
        guard header.vocabularySize >= table.count, header.corpusTotal >= 1 else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' declares a vocabulary of \(header.vocabularySize) and a corpus of "
                    + "\(header.corpusTotal) words, too few for the \(table.count) that it holds"
            )
        }
        do {
            try header.settings.check()
        } catch {
            throw VectorError(.invalidFormat, "'\(file.path)' can't be right: \(error.message)")
        }
        self.init(
            settings: header.settings,
            table: table,
            counts: counts,
            vocabularySize: header.vocabularySize,
            corpusTotal: header.corpusTotal
        )
    }

    /// As `init(contentsOf:)`, off the cooperative pool.
    public init(contentsOf url: URL) async throws(VectorError) {
        self = try await runBlocking { _ throws(VectorError) in try Phrases(contentsOf: url) }
    }

    /// As `write(to:)`, off the cooperative pool.
    public func write(to url: URL) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in try write(to: url) }
    }

    private struct Header: Codable {
        static let format = "swift-faiss phrases 1"

        var format = Self.format
        var minimumCount: Int
        var threshold: Double
        var scoring: PhraseLearner.Scoring
        var delimiter: String
        var connectorWords: [String]
        var vocabularySize: Int
        var corpusTotal: Int
        var entries: Int

        init(_ phrases: Phrases) {
            minimumCount = phrases.settings.minimumCount
            threshold = phrases.settings.threshold
            scoring = phrases.settings.scoring
            delimiter = phrases.settings.delimiter
            connectorWords = phrases.settings.connectorWords.sorted()
            vocabularySize = phrases.vocabularySize
            corpusTotal = phrases.corpusTotal
            entries = phrases.table.count
        }

        var settings: PhraseLearner {
            var learner = PhraseLearner()
            learner.minimumCount = minimumCount
            learner.threshold = threshold
            learner.scoring = scoring
            learner.delimiter = delimiter
            learner.connectorWords = Set(connectorWords)
            return learner
        }
    }
}
