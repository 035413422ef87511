import Vectors

/// Numbers in a file of weights: their shape, and where they are.
struct Tensor: Sendable {
    /// The types of numbers that are read.
    enum Element: String, Sendable {
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case int8 = "I8"
        case int64 = "I64"

        /// Bytes of a number.
        var size: Int {
            switch self {
            case .int8: 1
            case .float16, .bfloat16: 2
            case .float32: 4
            case .int64: 8
            }
        }
    }

    let name: String
    let element: Element
    let shape: [Int]
    let file: InputFile
    /// The number of the first byte in the file.
    let offset: Int

    /// How many numbers there are. The file holds them all, so the product can't overflow.
    var count: Int { shape.reduce(1, *) }

    /// Refuses another shape.
    func check(shape expected: [Int]) throws(VectorError) {
        guard shape == expected else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)': tensor '\(name)' has shape \(shape), the configuration says \(expected)"
            )
        }
    }

    /// Reads numbers in single precision.
    ///
    /// - Throws: `notFinite` if one is NaN or infinite, `unsupportedModel` for integers of 64 bits.
    func read(_ range: Range<Int>, into floats: UnsafeMutablePointer<Float>) throws(VectorError) {
        let count = range.count
        // Narrower numbers are read into the end of the memory, and widened from its beginning on: each lies at or
        // behind the place that it goes to.
        let bytes = UnsafeMutableRawPointer(floats)
        let narrow = bytes + count * (4 - min(element.size, 4))
        guard element != .int64 else {
            throw VectorError(.unsupportedModel, "'\(file.path)': tensor '\(name)' has type I64, weights can't")
        }
        try file.readExactly(
            into: UnsafeMutableRawBufferPointer(start: narrow, count: count * element.size),
            at: offset + range.lowerBound * element.size
        )
        var isFinite = true
        for number in 0..<count {
            let bits: UInt32
            switch element {
            case .bfloat16: bits = UInt32(narrow.loadUnaligned(fromByteOffset: 2 * number, as: UInt16.self)) << 16
            case .float16:
                let half = UInt32(narrow.loadUnaligned(fromByteOffset: 2 * number, as: UInt16.self))
                // The exponent's bias is 112 less, and subnormal numbers come out right, too. 31 stands for infinity.
                let magnitude = Float(bitPattern: (half & 0x7fff) << 13) * 0x1p112
                bits = half & 0x7c00 == 0x7c00 ? 0x7f80_0000 : magnitude.bitPattern | (half & 0x8000) << 16
            case .int8: bits = Float(narrow.loadUnaligned(fromByteOffset: number, as: Int8.self)).bitPattern
            case .float32, .int64: bits = floats[number].bitPattern
            }
            isFinite = isFinite && bits & 0x7f80_0000 != 0x7f80_0000
            floats[number] = Float(bitPattern: bits)
        }
        guard isFinite else {
            let number = (0..<count).first { !floats[$0].isFinite } ?? 0
            throw VectorError(
                .notFinite,
                "'\(file.path)': tensor '\(name)' has \(floats[number]) as number \(range.lowerBound + number)"
            )
        }
    }

    /// All numbers in single precision.
    func floats() throws(VectorError) -> [Float] {
        let count = count
        try checkMemory(bytes: count * 4, for: "tensor '\(name)' of '\(file.path)'")
        return try withVectorError {
            try [Float](unsafeUninitializedCapacity: count) { floats, initialized in
                if let start = floats.baseAddress { try read(0..<count, into: start) }
                initialized = count
            }
        }
    }

    /// All numbers of a tensor of 64-bit integers.
    func integers() throws(VectorError) -> [Int64] {
        guard element == .int64 else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)': tensor '\(name)' has type \(element.rawValue) in place of I64"
            )
        }
        var integers = [Int64](repeating: 0, count: count)
        try integers.withUnsafeMutableBufferPointer { integers throws(VectorError) in
            try file.readExactly(into: UnsafeMutableRawBufferPointer(integers), at: offset)
        }
        return integers
    }
}
