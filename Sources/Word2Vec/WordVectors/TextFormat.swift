import Vectors

/// word2vec's text format: a line with count and dimension, then a line for each word with the word and its numbers,
/// separated by spaces. GloVe's files lack the first line; it is known by two whole numbers alone on it.
enum TextFormat {
    static func read(_ file: ByteStream, limit: Int, isLenient: Bool) throws(VectorError) -> WordVectorsBuilder {
        var lines = TextLines(file, maximumLength: 1 << 22)
        var builder: WordVectorsBuilder?
        var declared: Int?
        while builder?.count ?? 0 < limit {
            let number = lines.number + 1
            let line: Void? = try lines.next { line throws(VectorError) in
                let fields = line[...].fields
                if fields.isEmpty { return }
                if builder == nil {
                    if let header = header(fields) {
                        // A word's line takes at least a byte for the word and two for each number.
                        let most = file.maximumSize / (1 + 2 * min(header.dimension, 1 << 32))
                        guard min(header.count, limit) <= most || isLenient else {
                            throw VectorError(
                                .invalidFormat,
                                "'\(file.path)' declares \(header.count) words of dimension \(header.dimension), too many "
                                    + "for its \(file.size) bytes"
                            )
                        }
                        declared = header.count
                        builder = try WordVectorsBuilder(
                            path: file.path,
                            dimension: header.dimension,
                            expectedCount: min(header.count, most, limit),
                            isLenient: isLenient
                        )
                        return
                    }
                    builder = try WordVectorsBuilder(
                        path: file.path,
                        dimension: isLenient ? lastNumbers(fields) : fields.count - 1,
                        isLenient: isLenient
                    )
                }
                try builder?.append(fields, line: number)
            }
            if line == nil { break }
        }
        guard var builder else { throw VectorError(.invalidFormat, "'\(file.path)' holds no words") }
        if let declared, builder.rows != declared, builder.count < limit {
            try builder.miss(
                max(0, declared - builder.rows),
                "'\(file.path)' declares \(declared) words and holds \(builder.rows)"
            )
        }
        return builder
    }

    /// How many of the fields behind the first are numbers up to the end: a word may hold spaces.
    private static func lastNumbers(_ fields: [Slice<UnsafeBufferPointer<UInt8>>]) -> Int {
        min(fields.count - 1, fields.reversed().prefix { Float(decimal: $0) != nil }.count)
    }

    static func write(_ vectors: WordVectors, to file: AtomicFile) throws(VectorError) {
        try file.write("\(vectors.count) \(vectors.dimension)\n")
        for (word, vector) in zip(vectors.words, vectors.matrix) {
            var line = word
            for value in vector {
                line += " "
                line += value.description
            }
            line += "\n"
            try file.write(line)
        }
    }

    /// Count and dimension, if the fields are two whole numbers that are not negative.
    static func header(_ fields: [Slice<UnsafeBufferPointer<UInt8>>]) -> (count: Int, dimension: Int)? {
        guard fields.count == 2,
            let count = Int(String(decoding: fields[0], as: UTF8.self)), count >= 0,
            let dimension = Int(String(decoding: fields[1], as: UTF8.self)), dimension >= 0
        else { return nil }
        return (count, dimension)
    }
}

extension WordVectorsBuilder {
    /// Adds the row of a line: a word and its numbers. A lenient reading takes the last numbers of a line, and all before
    /// them for the word.
    fileprivate mutating func append(
        _ fields: [Slice<UnsafeBufferPointer<UInt8>>],
        line: Int
    ) throws(VectorError) {
        let numbers = fields.suffix(dimension)
        let word = fields.dropLast(dimension)
        guard let first = word.first, let last = word.last, word.count == 1 || omitted != nil else {
            return try omit(
                RowFailure(
                    reason: .malformed,
                    message:
                        "line \(line) of '\(path)' has \(fields.count) fields; a word and \(dimension) numbers were "
                        + "expected"
                )
            )
        }
        let whole = UnsafeBufferPointer(rebasing: Slice(base: first.base, bounds: first.startIndex..<last.endIndex))
        let path = path
        try append(place: "line \(line)", word: whole) { values throws(RowFailure) in
            for field in numbers {
                guard let value = Float(decimal: field) else {
                    throw RowFailure(
                        reason: .malformed,
                        message:
                            "'\(String(decoding: field.prefix(40), as: UTF8.self))' on line \(line) of '\(path)' is "
                            + "not a number"
                    )
                }
                values.append(value)
            }
        }
    }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
    /// What spaces and tabs separate, carriage returns and line feeds at the end left out.
    var fields: [Slice<UnsafeBufferPointer<UInt8>>] {
        split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
    }
}

extension Float {
    /// The number nearest to what these characters say, such as "-1.25e-3".
    ///
    /// Reading it through `String` takes several times as long, which files of a hundred million numbers make felt.
    init?(decimal text: Slice<UnsafeBufferPointer<UInt8>>) {
        if let value = Self.exact(text) {
            self = value
        } else {
            self.init(String(decoding: text, as: UTF8.self))
        }
    }

    /// The number, if its digits and its power of ten are exact in double precision, where one rounding gives the
    /// nearest double and a second one the nearest float; else nil.
    private static func exact(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Float? {
        var mantissa = 0
        var digits = 0
        var exponent = 0
        var hasPoint = false
        var index = text.startIndex
        let isNegative = text.first == 0x2D
        if isNegative { index += 1 }
        while index < text.endIndex {
            let byte = text[index]
            if byte == 0x2E, !hasPoint {
                hasPoint = true
            } else if byte &- 0x30 < 10 {
                mantissa = mantissa * 10 + Int(byte - 0x30)
                digits += 1
                if hasPoint { exponent -= 1 }
                if digits > 15 { return nil }
            } else {
                break
            }
            index += 1
        }
        if digits == 0 { return nil }
        if index < text.endIndex {
            guard text[index] | 0x20 == 0x65, text.endIndex - index <= 4,
                let stated = Int(String(decoding: text[(index + 1)...], as: UTF8.self))
            else { return nil }
            exponent += stated
        }
        guard (-22...22).contains(exponent) else { return nil }
        let power = Self.powersOfTen[abs(exponent)]
        let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
        // The double lies exactly between two floats: which of them is nearer was lost in the first rounding.
        if value.bitPattern & 0x1FFF_FFFF == 0x1000_0000 { return nil }
        // Below, floats have fewer digits, so that the test above doesn't hold.
        if value != 0, value < 0x1p-126 { return nil }
        return Float(isNegative ? -value : value)
    }

    private static let powersOfTen: [Double] = (0...22).map { power in
        (0..<power).reduce(1.0) { value, _ in value * 10 }
    }
}
