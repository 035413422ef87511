public import Foundation
public import Vectors

extension TrainingState {
    /// Reads a state from a file that `write(to:)` or a ``Checkpoint`` has written.
    ///
    /// All numbers are little-endian, n is the number of words.
    ///
    /// | size | content |
    /// |---|---|
    /// | 8 | the magic `89 57 32 56 54 0D 0A 1A` ("W2VT"; the rest catches transfers that alter line ends) |
    /// | 4 | version, 1 |
    /// | 4 | CRC-32C of all that follows |
    /// | 8 | length of the header |
    /// | | the header, JSON: the configuration, how far training had come, and the numbers of words and of their bytes |
    /// | 8 · n | the counts of the words, in falling order |
    /// | 4 · n | the lengths of the words in bytes |
    /// | | the words, in UTF-8, one behind the other |
    /// | 4 · (2n − 2) | for hierarchical softmax only, the tree: for each word, and then each inner node but the root, the number of the inner node above it, doubled, plus the turn taken there |
    /// | 4 · n · dimension | the words' vectors, in single precision |
    /// | 4 · n · dimension | the output weights of words; for hierarchical softmax those of inner nodes, one less |
    ///
    /// A checksum finds accidents, not forgeries.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `tooLarge`, or `cancelled` if the task was.
    public init(contentsOf url: URL) throws(VectorError) {
        try self.init(contentsOf: url, cancellation: .current)
    }

    /// As `init(contentsOf:)`, off the cooperative pool; stops when the task is cancelled.
    public init(contentsOf url: URL) async throws(VectorError) {
        self = try await runBlocking { _ throws(VectorError) in try TrainingState(contentsOf: url) }
    }

    init(contentsOf url: URL, cancellation: Cancellation) throws(VectorError) {
        let file = try InputFile(url)
        var reader = try StateReader(file, cancellation: cancellation)
        let header = try reader.header()
        let configuration = header.configuration
        let counts = try reader.numbers(Int.self, count: header.words)
        let lengths = try reader.numbers(UInt32.self, count: header.words)
        let bytes = try reader.numbers(UInt8.self, count: header.wordBytes)
        // No text has more words, and their sum does not overflow.
        let most = 1 << 53
        guard counts.allSatisfy({ (1...most).contains($0) }), counts.reduce(0, { min($0 + $1, most) }) < most,
            lengths.allSatisfy({ (1...UInt32(Corpus.maximumWordLength)).contains($0) }),
            lengths.reduce(0, { $0 + Int($1) }) == bytes.count
        else { throw reader.damaged("the counts or lengths of its words are impossible") }
        var words: [String] = []
        words.reserveCapacity(header.words)
        var start = 0
        for length in lengths {
            words.append(String(decoding: bytes[start..<start + Int(length)], as: UTF8.self))
            start += Int(length)
        }
        let vocabulary = Vocabulary(
            words: words,
            counts: counts,
            corpusTotal: header.corpusTotal,
            prunedTotal: header.prunedTotal
        )
        guard vocabulary.table.count == words.count else { throw reader.damaged("a word occurs twice") }
        var tree: HuffmanTree?
        if configuration.loss == .hierarchicalSoftmax {
            tree = HuffmanTree(checking: try reader.numbers(UInt32.self, count: 2 * header.words - 2))
            if tree == nil { throw reader.damaged("the links of its tree make none") }
        }
        let dimension = configuration.dimension
        let inputs = try reader.rows(count: header.words, dimension: dimension)
        let outputs = try reader.rows(count: tree?.nodeCount ?? header.words, dimension: dimension)
        self.init(
            configuration,
            vocabulary: vocabulary,
            inputs: inputs,
            outputs: outputs,
            tree: tree,
            position: header.position
        )
    }

    /// Writes the state to a file, whole or not at all; see `init(contentsOf:)` for the format.
    ///
    /// - Throws: `inputOutput`, or `cancelled` if the task was.
    public func write(to url: URL) throws(VectorError) {
        try write(to: url, cancellation: .current)
    }

    /// As `write(to:)`, off the cooperative pool; stops when the task is cancelled.
    public func write(to url: URL) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in try write(to: url) }
    }

    func write(to url: URL, cancellation: Cancellation) throws(VectorError) {
        let words = Array(vocabulary.words.joined().utf8)
        let header = StateHeader(
            configuration: configuration,
            position: position,
            corpusTotal: vocabulary.corpusTotal,
            prunedTotal: vocabulary.prunedTotal,
            words: vocabulary.count,
            wordBytes: words.count
        )
        let json = try header.encoded()
        let writer = try StateWriter(url, cancellation: cancellation)
        try writer.write([json.count])
        try writer.write(json)
        try writer.write(vocabulary.counts)
        try writer.write(vocabulary.words.map { UInt32($0.utf8.count) })
        try writer.write(words)
        if let tree { try writer.write(tree.links) }
        try writer.write(inputs)
        try writer.write(outputs)
        try writer.commit()
    }
}

/// What stands before the numbers in a state's file.
private struct StateHeader: Codable {
    var configuration: Word2VecConfiguration
    var position: TrainingPosition
    var corpusTotal: Int
    var prunedTotal: Int
    var words: Int
    var wordBytes: Int

    static let magic: [UInt8] = [0x89, 0x57, 0x32, 0x56, 0x54, 0x0D, 0x0A, 0x1A]
    static let version: UInt32 = 1
    /// Magic, version and checksum.
    static let preamble = 16

    // A training that is about to diverge has losses that JSON has no numbers for.
    private static let infinity = (positive: "inf", negative: "-inf", nan: "nan")

    func encoded() throws(VectorError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.infinity.positive,
            negativeInfinity: Self.infinity.negative,
            nan: Self.infinity.nan
        )
        do {
            return Array(try encoder.encode(self))
        } catch {
            throw VectorError(.invalidArgument, "the configuration can't be written: \(error)")
        }
    }

    /// The bytes behind the header.
    var bodyLength: Int {
        let hasTree = configuration.loss == .hierarchicalSoftmax
        let rows = 2 * words - (hasTree ? 1 : 0)
        return 12 * words + wordBytes + (hasTree ? 4 * (2 * words - 2) : 0) + 4 * rows * configuration.dimension
    }
}

// Apart from the type itself, which would else lose its memberwise initializer.
extension StateHeader {
    /// nil if the bytes are no header, or say what no training could.
    init?(json: [UInt8]) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: Self.infinity.positive,
            negativeInfinity: Self.infinity.negative,
            nan: Self.infinity.nan
        )
        guard let header = try? decoder.decode(StateHeader.self, from: Data(json)),
            (try? header.configuration.check()) != nil
        else { return nil }
        self = header
        let epochs = configuration.epochs
        // Room to add to each without overflow.
        let counts = 0...(1 << 60)
        guard (2...Int(Int32.max)).contains(words), counts.contains(wordBytes), counts.contains(corpusTotal),
            counts.contains(prunedTotal),
            counts.contains(position.wordsDone), counts.contains(position.wordsTotal),
            (0...(1 << 40)).contains(position.passages),
            (0...position.passages * epochs).contains(position.nextPiece),
            position.loss.count == epochs, position.predictions.count == epochs,
            position.predictions.allSatisfy(counts.contains), position.seconds >= 0
        else { return nil }
    }
}

/// Writes the parts of a state's file one after the other.
private final class StateWriter {
    private let file: AtomicFile
    private let cancellation: Cancellation
    private var checksum = CRC32C()

    init(_ url: URL, cancellation: Cancellation) throws(VectorError) {
        self.cancellation = cancellation
        file = try AtomicFile(replacing: url)
        try file.write(StateHeader.magic)
        try file.write(littleEndianBytes([StateHeader.version, 0]))
    }

    func write(_ numbers: [some FixedWidthInteger]) throws(VectorError) {
        // In pieces, so that neither a copy of all is needed nor a cancelled training waits long.
        for start in stride(from: 0, to: numbers.count, by: 1 << 16) {
            try put(littleEndianBytes(numbers[start..<min(start + 1 << 16, numbers.count)]))
        }
    }

    func write(_ rows: SharedRows) throws(VectorError) {
        let length = max(1, (1 << 16) / rows.dimension)
        var start = 0
        while start < rows.count {
            let end = min(start + length, rows.count)
            var piece: [UInt32] = []
            piece.reserveCapacity((end - start) * rows.dimension)
            for number in start..<end {
                piece.append(
                    contentsOf: UnsafeBufferPointer(start: rows.row(number), count: rows.dimension).lazy.map(
                        \.bitPattern
                    )
                )
            }
            try put(littleEndianBytes(piece))
            start = end
        }
    }

    func commit() throws(VectorError) {
        let checksum = checksum.value
        try file.overwrite(littleEndianBytes([checksum]), at: StateHeader.preamble - 4)
        try file.commit()
    }

    private func put(_ bytes: [UInt8]) throws(VectorError) {
        try cancellation.check("writing '\(file.path)'")
        bytes.withUnsafeBytes { checksum.update($0) }
        try file.write(bytes)
    }
}

/// Reads the parts of a state's file one after the other, once it has found the file undamaged.
private struct StateReader {
    private let file: InputFile
    private let cancellation: Cancellation
    private var offset = StateHeader.preamble

    init(_ file: InputFile, cancellation: Cancellation) throws(VectorError) {
        self.file = file
        self.cancellation = cancellation
        let preamble = try file.bytes(0..<min(file.size, StateHeader.preamble))
        guard preamble.starts(with: StateHeader.magic), preamble.count == StateHeader.preamble else {
            throw VectorError(.invalidFormat, "'\(file.path)' is not a state of training")
        }
        let fields = Self.numbers(UInt32.self, in: preamble[8...])
        guard fields[0] == StateHeader.version else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' has version \(fields[0]) of the format, this release reads version "
                    + "\(StateHeader.version)"
            )
        }
        var checksum = CRC32C()
        for start in stride(from: StateHeader.preamble, to: file.size, by: 1 << 20) {
            try cancellation.check("reading '\(file.path)'")
            try file.bytes(start..<min(start + 1 << 20, file.size)).withUnsafeBytes { checksum.update($0) }
        }
        guard checksum.value == fields[1] else { throw damaged("its checksum is wrong") }
    }

    func damaged(_ what: String) -> VectorError {
        VectorError(.invalidFormat, "'\(file.path)' is damaged: \(what)")
    }

    mutating func header() throws(VectorError) -> StateHeader {
        guard file.size - offset >= 8 else { throw damaged("it ends before its header") }
        let length = try numbers(Int.self, count: 1)[0]
        guard (0...file.size - offset).contains(length) else { throw damaged("it ends within its header") }
        guard let header = StateHeader(json: try numbers(UInt8.self, count: length)) else {
            throw damaged("its header is impossible")
        }
        guard header.wordBytes <= file.size, header.bodyLength == file.size - offset else {
            throw damaged("it has \(file.size) bytes, which is not what its header says")
        }
        return header
    }

    mutating func numbers<Number: FixedWidthInteger>(
        _ type: Number.Type,
        count: Int
    ) throws(VectorError) -> [Number] {
        let size = MemoryLayout<Number>.size
        var numbers: [Number] = []
        numbers.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: 1 << 16) {
            try cancellation.check("reading '\(file.path)'")
            let length = min(1 << 16, count - start) * size
            numbers += Self.numbers(type, in: try file.bytes(offset..<offset + length)[...])
            offset += length
        }
        return numbers
    }

    mutating func rows(count: Int, dimension: Int) throws(VectorError) -> SharedRows {
        let rows = try SharedRows(count: count, dimension: dimension)
        let length = max(1, (1 << 16) / dimension)
        for start in stride(from: 0, to: count, by: length) {
            let piece = start..<min(start + length, count)
            let bits = try numbers(UInt32.self, count: piece.count * dimension)
            for number in piece {
                let row = rows.row(number)
                for column in 0..<dimension {
                    row[column] = Float(bitPattern: bits[(number - start) * dimension + column])
                }
            }
        }
        return rows
    }

    private static func numbers<Number: FixedWidthInteger>(
        _ type: Number.Type,
        in bytes: ArraySlice<UInt8>
    ) -> [Number] {
        let count = bytes.count / MemoryLayout<Number>.size
        let numbers = [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes.prefix(count * MemoryLayout<Number>.size))
            initialized = count
        }
        return numbers.map { Number(littleEndian: $0) }
    }
}

private func littleEndianBytes<Number: FixedWidthInteger>(_ numbers: some Collection<Number>) -> [UInt8] {
    numbers.map(\.littleEndian).withUnsafeBytes { Array($0) }
}
