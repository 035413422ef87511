import Vectors

/// word2vec's binary format: a line with count and dimension, then for each word its bytes, a space, and its numbers,
/// little-endian. word2vec's C program adds a line feed after each vector, gensim and we don't; both can be read.
enum BinaryFormat {
    static func read(_ file: ByteStream, limit: Int, isLenient: Bool) throws(VectorError) -> WordVectorsBuilder {
        var reader = BlockReader(file: file)
        var header: [UInt8] = []
        while header.last != 0x0A {
            guard header.count < 64, let byte = try reader.next() else {
                throw VectorError(.invalidFormat, "'\(file.path)' does not start with a line of count and dimension")
            }
            header.append(byte)
        }
        guard let (declared, dimension) = header.withUnsafeBufferPointer({ TextFormat.header($0.dropLast().fields) })
        else {
            throw VectorError(.invalidFormat, "'\(file.path)' does not start with a line of count and dimension")
        }
        // A word takes at least one byte and a space. Division, as a product of such numbers may overflow.
        let most = (file.maximumSize - header.count) / (2 + 4 * min(dimension, 1 << 32))
        guard min(declared, limit) <= most || isLenient else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' declares \(declared) words of dimension \(dimension), too many for its \(file.size) bytes"
            )
        }
        var builder = try WordVectorsBuilder(
            path: file.path,
            dimension: dimension,
            expectedCount: min(declared, most, limit),
            isLenient: isLenient
        )
        var word: [UInt8] = []
        var numbers: [Float] = []
        while builder.rows < declared, builder.count < limit {
            let row = builder.rows + 1
            word.removeAll(keepingCapacity: true)
            numbers.removeAll(keepingCapacity: true)
            while let byte = try reader.next(), byte != 0x20 {
                if byte == 0x0A, word.isEmpty { continue }
                // What follows can't be distinguished from a word that long.
                guard word.count < Corpus.maximumWordLength else {
                    throw VectorError(
                        .invalidFormat,
                        "the word on row \(row) of '\(file.path)' is longer than \(Corpus.maximumWordLength) bytes"
                    )
                }
                word.append(byte)
            }
            while numbers.count < dimension, let bits = try reader.nextUInt32() {
                numbers.append(Float(bitPattern: bits))
            }
            guard numbers.count == dimension else {
                try builder.miss(
                    declared - builder.rows,
                    "'\(file.path)' declares \(declared) words and ends after \(builder.rows)"
                )
                return builder
            }
            try word.withUnsafeBufferPointer { word throws(VectorError) in
                try builder.append(place: "row \(row)", word: word) { $0.append(contentsOf: numbers) }
            }
        }
        guard builder.rows == declared, !isLenient else { return builder }
        while let byte = try reader.next() {
            guard byte == 0x0A else {
                throw VectorError(
                    .invalidFormat,
                    "'\(file.path)' goes on after the \(declared) words that it declares"
                )
            }
        }
        return builder
    }

    static func write(_ vectors: WordVectors, to file: AtomicFile) throws(VectorError) {
        try file.write("\(vectors.count) \(vectors.dimension)\n")
        for (word, vector) in zip(vectors.words, vectors.matrix) {
            try file.write(word + " ")
            var bytes: [UInt8] = []
            bytes.reserveCapacity(vectors.dimension * 4)
            for value in vector {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
            try file.write(bytes)
        }
    }
}

/// Reads a file byte by byte from blocks.
private struct BlockReader {
    private let file: ByteStream
    private var block: [UInt8] = []
    private var place = 0
    private static let blockSize = 1 << 18

    init(file: ByteStream) { self.file = file }

    mutating func next() throws(VectorError) -> UInt8? {
        guard try fill(1) else { return nil }
        defer { place += 1 }
        return block[place]
    }

    /// A little-endian number; nil if fewer than 4 bytes are left.
    mutating func nextUInt32() throws(VectorError) -> UInt32? {
        guard try fill(4) else { return nil }
        defer { place += 4 }
        return block.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt32.self)) }
    }

    /// Whether so many bytes are at hand, after reading on if need be.
    private mutating func fill(_ count: Int) throws(VectorError) -> Bool {
        if block.count - place >= count { return true }
        block.removeSubrange(..<place)
        place = 0
        _ = try file.append(Self.blockSize, to: &block)
        return block.count >= count
    }
}
