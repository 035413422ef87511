import Faiss
import FaissKernelHooks
import Foundation
import TestSupport
import Testing
import Vectors
import VectorsC

/// RaBitQ, against the papers' definitions in plain Swift.
@Suite("RaBitQ")
struct RaBitQTests {
    private static func normal(_ count: Int, dimension: Int, seed: UInt64, offset: Float = 0) throws -> VectorMatrix {
        var random = SplitMix64(seed: seed)
        return try VectorMatrix(
            (0..<count * dimension).map { _ in offset + random.nextGaussian() },
            dimension: dimension
        )
    }

    // MARK: Kernels

    /// Codes as they lie in blocks, written component by component.
    private static func blocks(_ codes: [[UInt8]], bits: Int, terms: [Float], factors: [Float]) -> [UInt8] {
        let dimension = codes[0].count
        let parts = bits == 3 ? [(0, 2), (2, 1)] : [(0, bits)]
        let pieces = parts.map { (dimension * $0.1 + 31) / 32 }
        let codeBytes = 64 * pieces.reduce(0, +)
        var blocks = [UInt8](repeating: 0, count: (codes.count + 15) / 16 * (codeBytes + 128))
        for (place, code) in codes.enumerated() {
            let (block, lane) = (place / 16 * (codeBytes + 128), place % 16)
            for (part, (first, width)) in parts.enumerated() {
                let start = block + 64 * pieces[..<part].reduce(0, +)
                for (i, value) in code.enumerated() {
                    let (piece, rest) = i.quotientAndRemainder(dividingBy: 32 / width)
                    let own = value >> first & (1 << width - 1)
                    blocks[start + 64 * piece + 4 * lane + i % 4] |= own << (rest / 4 * width)
                }
            }
            for (column, number) in [terms[place], factors[place]].enumerated() {
                withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes in
                    let start = block + codeBytes + 64 * column + 4 * lane
                    blocks.replaceSubrange(start..<start + 4, with: bytes)
                }
            }
        }
        return blocks
    }

    @Test("Distances are what plain arithmetic says, to the bit at every level", arguments: 1...4)
    func distances(bits: Int) {
        var random = SplitMix64(seed: 1)
        for dimension in Array(1...40) + [63, 64, 100, 128, 200, 768, 1536] {
            let count = dimension < 64 ? 40 : 17
            let codes = (0..<count).map { _ in
                (0..<dimension).map { _ in UInt8.random(in: 0..<1 << bits, using: &random) }
            }
            let terms = (0..<count).map { _ in Float.random(in: 0...1000, using: &random) }
            let factors = (0..<count).map { _ in Float.random(in: 0...3, using: &random) }
            let size = (dimension + 31) / 32 * 32
            let queries = 15
            var values = [Int8](repeating: 0, count: queries * size)
            for query in 0..<queries {
                for i in 0..<dimension { values[query * size + i] = .random(in: -127...127, using: &random) }
            }
            let blocks = Self.blocks(codes, bits: bits, terms: terms, factors: factors)
            let stride = (count + 15) / 16 * 16
            for level in KernelLevel.available {
                var out = [Float](repeating: .nan, count: queries * stride)
                faiss_rabitq_distances(level, dimension, bits, blocks, count, queries, values, -0.125, 3, &out)
                for query in 0..<queries {
                    for place in 0..<count {
                        var product = 0
                        for (i, code) in codes[place].enumerated() {
                            product += (2 * Int(code) - (1 << bits - 1)) * Int(values[query * size + i])
                        }
                        let expected = 3 + (terms[place] + factors[place] * (-0.125 * Float(product)))
                        #expect(out[query * stride + place] == expected, "\(level), \(dimension)")
                    }
                }
            }
        }
    }

    @Test("Encoding, rounding and turning are the same at every level, and turning back undoes turning")
    func levels() {
        var random = SplitMix64(seed: 2)
        for dimension in Array(1...20) + [31, 32, 33, 96, 100, 128, 384, 768, 1000, 1536] {
            let x = (0..<dimension).map { _ in random.nextGaussian() }
            let origin = (0..<dimension).map { _ in random.nextGaussian() }
            let signs = (0..<4 * dimension).map { _ in Bool.random(using: &random) ? 1 : -1 as Float }
            let size = (dimension + 31) / 32 * 32
            func made(_ level: KernelLevel) -> (codes: [[UInt8]], factors: [Float], values: [Int8], turned: [Float]) {
                var codes: [[UInt8]] = []
                var factors: [Float] = []
                for bits in 1...4 {
                    var code = [UInt8](repeating: 255, count: dimension)
                    factors.append(faiss_rabitq_encode(level, x, dimension, bits, &code))
                    codes.append(code)
                }
                var values = [Int8](repeating: 1, count: size)
                factors.append(faiss_rabitq_round(level, x, origin, dimension, &values, size))
                var turned = x
                faiss_rabitq_turn(level, &turned, dimension, signs, 0)
                return (codes, factors, values, turned)
            }
            let first = made(KERNEL_BASELINE)
            for level in KernelLevel.available { #expect(made(level) == first, "\(level), \(dimension)") }
            for i in 0..<size {
                let difference = i < dimension ? x[i] - origin[i] : 0
                #expect(abs(Float(first.values[i]) * first.factors[4] - difference) <= first.factors[4] * 0.501)
            }
            let squares = [x, first.turned].map { $0.reduce(0) { $0 + $1 * $1 } }
            #expect(abs(squares[0] - squares[1]) <= 1e-5 * squares[0])
            var back = first.turned
            faiss_rabitq_turn(KERNEL_BASELINE, &back, dimension, signs, 1)
            #expect(zip(x, back).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    /// The greatest squared cosine between a vector and a code: each multiple of the vector at which a component's code
    /// changes is tried.
    private static func bestSquaredCosine(_ x: [Float], bits: Int) -> Double {
        let magnitudes = x.map { Double($0.magnitude) }
        let levels = 1 << (bits - 1)
        var turns: [(at: Double, component: Int)] = []
        for (i, magnitude) in magnitudes.enumerated() where magnitude > 0 {
            for level in 1..<max(levels, 1) { turns.append((Double(level) / magnitude, i)) }
        }
        turns.sort { $0.at < $1.at }
        var code = [Double](repeating: 0.5, count: x.count)
        var product = magnitudes.reduce(0, +) / 2
        var square = Double(x.count) / 4
        var best = product * product / square
        for (_, component) in turns {
            square += 2 * code[component] + 1
            product += magnitudes[component]
            code[component] += 1
            best = max(best, product * product / square)
        }
        return best / magnitudes.reduce(0) { $0 + $1 * $1 }
    }

    @Test("Codes are as near to their vectors as any could be", arguments: 1...4)
    func encoding(bits: Int) {
        var random = SplitMix64(seed: 3)
        for dimension in [1, 2, 3, 8, 32, 100, 128, 768] {
            for round in 0..<20 {
                // Every second time with few large components, as there are without a rotation.
                let x = (0..<dimension).map { _ in
                    let value = random.nextGaussian()
                    return round.isMultiple(of: 2) ? value : value * value * value
                }
                var code = [UInt8](repeating: 0, count: dimension)
                let factor = Double(faiss_rabitq_encode(KERNEL_BASELINE, x, dimension, bits, &code))
                let middle = Double(1 << bits - 1) / 2
                var (product, square, length) = (0.0, 0.0, 0.0)
                for (value, code) in zip(x, code) {
                    let component = Double(code) - middle
                    #expect(value == 0 || (component > 0) == (value > 0))
                    product += component * Double(value)
                    square += component * component
                    length += Double(value) * Double(value)
                }
                #expect(abs(factor - length / product) < 1e-4 * factor)
                let best = Self.bestSquaredCosine(x, bits: bits)
                #expect(product * product / square / length > best - 0.001 - (dimension < 8 ? 0.02 : 0))
            }
        }
    }

    // MARK: Estimates

    /// Errors of all estimated inner products as parts of |q − c| |x − c| / √(d − 1).
    private static func errors(
        bits: Int,
        dimension: Int,
        offset: Float,
        metric: Metric
    ) throws -> [Double] {
        let base = try normal(400, dimension: dimension, seed: 4, offset: offset)
        let queries = try normal(40, dimension: dimension, seed: 5, offset: offset)
        let index = try makeIndex(.rabitq(bits: bits), metric: metric, holding: base)
        let center = (0..<dimension).map { i in base.reduce(0.0) { $0 + Double($1[$1.startIndex + i]) } / 400 }
        func length(_ row: some Collection<Float>) -> Double {
            zip(row, center).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) }.squareRoot()
        }
        var errors: [Double] = []
        for query in queries {
            for neighbor in try index.search(Array(query), k: 400) {
                let row = base[Int(neighbor.id)]
                let exact = zip(query, row).reduce(0.0) { sum, pair in
                    let (q, x) = (Double(pair.0), Double(pair.1))
                    return sum + (metric == .squaredL2 ? (q - x) * (q - x) : q * x)
                }
                let unit = length(query) * length(row) / Double(dimension - 1).squareRoot()
                errors.append((Double(neighbor.distance) - exact) / unit / (metric == .squaredL2 ? 2 : 1))
            }
        }
        return errors
    }

    @Test("Estimates have no bias, the papers' deviation, and stay within their bound", arguments: 1...4, [100, 768])
    func estimates(bits: Int, dimension: Int) throws {
        // tan² between vectors and the best codes.
        var random = SplitMix64(seed: 6)
        let tangents = (0..<50).map { _ in
            1 / Self.bestSquaredCosine((0..<dimension).map { _ in random.nextGaussian() }, bits: bits) - 1
        }
        let expected = (tangents.reduce(0, +) / 50).squareRoot()
        for metric in [Metric.squaredL2, .innerProduct] {
            let errors = try Self.errors(bits: bits, dimension: dimension, offset: 0.5, metric: metric)
            let mean = errors.reduce(0, +) / Double(errors.count)
            let deviation = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
            #expect(abs(mean) < 0.05 * expected, "\(mean)")
            #expect(deviation > 0.95 * expected && deviation < 1.06 * expected, "\(deviation), \(expected)")
            // The bound that a refinement uses: the length of a code's rounding, of 2.5 deviations.
            let beyond = errors.filter { abs($0) > 2.7 * expected }
            #expect(Double(beyond.count) < 0.012 * Double(errors.count))
        }
    }

    @Test("Estimates are as good far from the origin", arguments: [1e3, 1e5] as [Float])
    func farFromTheOrigin(offset: Float) throws {
        let near = try Self.errors(bits: 2, dimension: 64, offset: 0, metric: .squaredL2)
        let far = try Self.errors(bits: 2, dimension: 64, offset: offset, metric: .squaredL2)
        let deviations = [near, far].map { errors in
            (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
        }
        #expect(deviations[1] < 1.1 * deviations[0] + Double(offset) * 1e-6)
    }

    // MARK: Indexes

    @Test("Recall grows with bits, and a refinement finds nearly all", arguments: [Metric.squaredL2, .cosine])
    func recalls(metric: Metric) throws {
        let base = try TestVectors.siftLike(4000, seed: 1)
        let queries = try TestVectors.siftLike(100, seed: 2)
        let truth = try makeIndex(.flat, metric: metric, holding: base).search(queries, k: 10)
        func reached(_ description: IndexDescription) throws -> Double {
            let index = try makeIndex(description, metric: metric, holding: base)
            return recall(of: try index.search(queries, k: 10, options: SearchOptions(probes: 64)), against: truth)
        }
        for lists in [nil, 64] as [Int?] {
            let recalls = try (1...4).map { bits in
                try reached(lists.map { .ivfRaBitQ(lists: .count($0), bits: bits) } ?? .rabitq(bits: bits))
            }
            #expect(recalls == recalls.sorted() && recalls[0] > 0.4 && recalls[3] > 0.85, "\(recalls)")
            let refined = try reached(
                .refined(lists.map { .ivfRaBitQ(lists: .count($0)) } ?? .rabitq(), by: 20)
            )
            #expect(refined > 0.97, "\(refined)")
        }
    }

    @Test("Small and odd data", arguments: [1, 2, 3, 100, 1536], [1, 2, 3, 4])
    func odd(dimension: Int, bits: Int) throws {
        for description in [IndexDescription.rabitq(bits: bits), .ivfRaBitQ(lists: 1, bits: bits)] {
            for metric in [Metric.squaredL2, .innerProduct] {
                let index = try VectorIndex(description, dimension: dimension, metric: metric)
                let one = [Float](repeating: 1, count: dimension)
                expectFailure(.notTrained) { try index.search(one, k: 1) }
                try index.train(on: VectorMatrix(one, dimension: dimension))
                #expect(try index.search(one, k: 3).isEmpty)
                #expect(try index.search(one, within: 10).isEmpty)
                try index.add(VectorMatrix(one, dimension: dimension))
                let alone = try index.search(one, k: 3)
                // It is its centre, up to the rounding of the rotation: nothing else is left of it. By inner product the
                // centroids of lists have the length 1.
                #expect(alone.map(\.id) == [0])
                let expected = metric == .squaredL2 ? 0 : Float(dimension)
                #expect(abs(alone[0].distance - expected) < 0.002 * Float(dimension))
                let reconstructed = try index.reconstruct([0])[0]
                #expect(metric == .innerProduct || reconstructed.allSatisfy { abs($0 - 1) < 1e-4 })
                // Equal vectors are equally far, and come by id.
                try index.add(VectorMatrix(Array(repeating: one, count: 40).flatMap { $0 }, dimension: dimension))
                #expect(try index.search(one, k: 20).map(\.id) == Array(0..<20))
                #expect(try index.search([Float](repeating: 0, count: dimension), k: 41).count == 41)
            }
        }
    }

    @Test("Within a distance are those whose estimates are")
    func within() throws {
        let base = try vectors(500)
        for description in [IndexDescription.rabitq(bits: 3), .ivfRaBitQ(lists: 8, bits: 2)] {
            let index = try makeIndex(description, holding: base)
            let query = Array(base[3])
            let all = try index.search(query, k: 500, options: exhaustive)
            let found = try index.search(query, within: all[60].distance, options: exhaustive)
            #expect(found == all.filter { $0.distance < all[60].distance })
        }
    }

    @Test("Files for Faiss hold a matrix for the rotation, and too large a one is refused")
    func files() throws {
        try withTemporaryFolder { folder in
            let (own, other) = (folder.appending(path: "i.vindex"), folder.appending(path: "i.faiss"))
            for bits in 1...4 {
                for description in [IndexDescription.rabitq(bits: bits), .ivfRaBitQ(lists: 8, bits: bits)] {
                    for metric in [Metric.squaredL2, .innerProduct] {
                        let base = try vectors(300)
                        let index = try makeIndex(description, metric: metric, holding: base)
                        let expected = try index.search(base[0..<20], k: 10, options: exhaustive)
                        try index.write(to: own)
                        #expect(
                            try VectorIndex(contentsOf: own).search(base[0..<20], k: 10, options: exhaustive)
                                == expected
                        )
                        try index.writeFaissFile(to: other)
                        let read = try VectorIndex(faissFile: other)
                        #expect(read.indexDescription == description)
                        let found = try read.search(base[0..<20], k: 10, options: exhaustive)
                        #expect(recall(of: found, against: expected) > 0.98)
                        for (one, another) in zip(found.neighbors, expected.neighbors) {
                            #expect(abs(one.distance - another.distance) < 0.01 * (1 + abs(another.distance)))
                        }
                    }
                }
            }
            let wide = try VectorIndex(.rabitq(), dimension: 5000)
            try wide.train(on: VectorMatrix([Float](repeating: 1, count: 5000), dimension: 5000))
            expectFailure(.unsupported, naming: "5000", "4096", "write(to:)") { try wide.writeFaissFile(to: other) }
            try wide.write(to: own)
            #expect(try VectorIndex(contentsOf: own).indexDescription == .rabitq())
        }
    }

    @Test("Numbers of bits, and what lists can store")
    func wrongArguments() {
        for bits in [0, 5, -1] {
            expectFailure(.invalidArgument, naming: "\(bits)", "1...4") {
                try VectorIndex(.rabitq(bits: bits), dimension: 8)
            }
            expectFailure(.invalidArgument, naming: "\(bits)", "1...4") {
                try VectorIndex(.ivfRaBitQ(lists: 4, bits: bits), dimension: 8)
            }
        }
    }
}
