import Faiss
import FaissC
import FaissKernelHooks
import TestSupport
import Testing
import Vectors
import VectorsC

@Suite("Scanning kernels")
struct ScanKernelTests {
    private static func numbers(_ count: Int, seed: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        var random = SplitMix64(seed: UInt64(seed))
        return (0..<count).map { _ in .random(in: range, using: &random) }
    }

    private static func bytes(_ count: Int, seed: Int, below limit: UInt8 = .max) -> [UInt8] {
        var random = SplitMix64(seed: UInt64(seed))
        return (0..<count).map { _ in .random(in: 0...limit, using: &random) }
    }

    // MARK: Rows

    /// Distances by a kernel, of rows that lie at an odd address.
    private static func distances(
        _ level: KernelLevel,
        isL2: Bool,
        queries: ArraySlice<Float>,
        rows: ArraySlice<UInt8>,
        scale: [Float],
        offset: [Float]
    ) -> [Float] {
        let dimension = scale.count
        let count = rows.count / dimension
        var out = [Float](repeating: .nan, count: queries.count / dimension * count)
        let memory = [0] + rows
        memory.withUnsafeBufferPointer { memory in
            faiss_scan_rows(
                level,
                isL2 ? 1 : 0,
                Array(queries),
                queries.count / dimension,
                memory.baseAddress! + 1,
                count,
                dimension,
                scale,
                offset,
                &out
            )
        }
        return out
    }

    @Test(
        "Distances to rows of bytes are what plain arithmetic says, and those of their floats to the bit",
        arguments: KernelLevel.available
    )
    private func rows(level: KernelLevel) {
        let kernels = faiss_distance_kernels(level).pointee
        for dimension in Array(1...35) + [64, 96, 100, 127, 128, 129] {
            let sizes = [(1, 1), (1, 19), (3, 5), (4, 16), (6, 33)] + (dimension < 20 ? [(9, 258)] : [])
            for (queryCount, count) in sizes {
                let queries = Self.numbers(queryCount * dimension, seed: dimension)
                let codes = Self.bytes(count * dimension, seed: dimension + 2000)
                let scale = Self.numbers(dimension, seed: dimension + 3000, in: 0...0.01)
                let offset = Self.numbers(dimension, seed: dimension + 4000)
                for isL2 in [true, false] {
                    func found(_ x: ArraySlice<Float>, _ rows: ArraySlice<UInt8>) -> [Float] {
                        Self.distances(level, isL2: isL2, queries: x, rows: rows, scale: scale, offset: offset)
                    }
                    let together = found(queries[...], codes[...])
                    for query in 0..<queryCount {
                        let x = queries[query * dimension..<(query + 1) * dimension]
                        for row in stride(from: 0, to: count, by: max(1, count / 5)) {
                            let expected = (0..<dimension).reduce(0.0) { sum, i in
                                let q = Double(x[query * dimension + i])
                                let y = Double(codes[row * dimension + i]) * Double(scale[i]) + Double(offset[i])
                                return sum + (isL2 ? (q - y) * (q - y) : -q * y)
                            }
                            let distance = together[query * count + row]
                            var decoded = [Float](repeating: .nan, count: dimension)
                            let bytes = Array(codes[row * dimension..<(row + 1) * dimension])
                            faiss_scan_decode(level, bytes, 1, dimension, scale, offset, &decoded)
                            #expect(
                                distance
                                    == (isL2
                                        ? kernels.squared_l2(Array(x), decoded, dimension)
                                        : -kernels.inner_product(Array(x), decoded, dimension))
                            )
                            #expect(abs(Double(distance) - expected) < 3e-6 * Double(dimension))
                            #expect(found(x, codes[row * dimension..<(row + 1) * dimension]) == [distance])
                        }
                    }
                }
            }
        }
    }

    @Test(
        "Bytes are the parts of the ranges, cut off, and 0 where a range has no width",
        arguments: KernelLevel.available
    )
    private func encoding(level: KernelLevel) {
        for dimension in Array(1...20) + [31, 32, 33, 100] {
            let count = 7
            let x = Self.numbers(count * dimension, seed: dimension, in: -2...2)
            let low = Self.numbers(dimension, seed: dimension + 1)
            var width = Self.numbers(dimension, seed: dimension + 2, in: 0.1...2)
            width[dimension / 2] = 0
            var codes = [UInt8](repeating: 1, count: count * dimension)
            faiss_scan_encode(level, x, count, dimension, low, width, &codes)
            #expect(
                codes
                    == x.indices.map { place in
                        let i = place % dimension
                        let part = (x[place] - low[i]) / width[i]
                        return width[i] == 0 ? 0 : UInt8(255 * min(max(part, 0), 1))
                    }
            )

            var least = Array(x[..<dimension])
            var most = least
            faiss_scan_extend_ranges(level, x, count, dimension, &least, &most)
            let columns = (0..<dimension).map { i in (0..<count).map { x[$0 * dimension + i] } }
            #expect(least == columns.map { $0.min()! })
            #expect(most == columns.map { $0.max()! })
        }
    }

    // MARK: Codes

    @Test("A query's table has the products and distances of its parts", arguments: KernelLevel.available)
    private func tables(level: KernelLevel) {
        for (subquantizers, width, entries) in [(1, 1, 16), (3, 5, 16), (8, 4, 256), (4, 17, 256)] {
            let query = Self.numbers(subquantizers * width, seed: width)
            let transposed = Self.numbers(subquantizers * width * entries, seed: width + 1)
            for factor in [0, -1, 2] as [Float] {
                var table = [Float](repeating: .nan, count: subquantizers * entries)
                faiss_scan_table(level, query, transposed, subquantizers, width, entries, factor, &table)
                for m in 0..<subquantizers {
                    for entry in 0..<entries {
                        let expected = (0..<width).reduce(0.0) { sum, i in
                            let x = Double(query[m * width + i])
                            let y = Double(transposed[(i * subquantizers + m) * entries + entry])
                            return sum + (factor == 0 ? (x - y) * (x - y) : Double(factor) * x * y)
                        }
                        #expect(abs(Double(table[m * entries + entry]) - expected) < 1e-5)
                    }
                }
            }
        }
    }

    @Test("A filter of codes leaves all that are near enough, and not many more", arguments: KernelLevel.available)
    private func filters(level: KernelLevel) {
        for subquantizers in [1, 2, 3, 4, 7, 8, 12, 15, 16, 17, 24, 31, 32, 48, 64, 128] {
            for count in [1, 63, 64, 65, 98, 256] {
                let table = Self.numbers(subquantizers * 256, seed: subquantizers)
                let codes = Self.bytes(subquantizers * count, seed: count)
                for terms in [nil, Self.numbers(count, seed: count + 1)] {
                    let base: Float = 0.75
                    var distances = [Float](repeating: .nan, count: 256)
                    func run(_ terms: UnsafePointer<Float>?) {
                        faiss_scan_codes(level, table, base, codes, terms, count, subquantizers, &distances)
                    }
                    if let terms { run(terms) } else { run(nil) }
                    for i in 0..<count {
                        let expected = (0..<subquantizers).reduce(Double(base + (terms?[i] ?? 0))) { sum, m in
                            sum + Double(table[m * 256 + Int(codes[i * subquantizers + m])])
                        }
                        #expect(abs(Double(distances[i]) - expected) < 1e-5 * Double(subquantizers))
                    }
                    let sorted = distances[..<count].sorted()
                    let lowest = (0..<subquantizers).reduce(Float(0)) { sum, m in
                        sum + table[m * 256..<m * 256 + 256].min()!
                    }
                    for limit in [sorted[count / 10], sorted[count / 2], sorted[count - 1], lowest + base - 2] {
                        // A little more than the farthest near enough code can have: there no entry is cut off.
                        for range in [(limit - lowest - base + 1) * 1.03, 0.01] {
                            var positions = [UInt16](repeating: 0, count: 256)
                            func run(_ terms: UnsafePointer<Float>?) -> Int {
                                faiss_scan_filter(
                                    level,
                                    table,
                                    base,
                                    limit,
                                    range,
                                    codes,
                                    terms,
                                    count,
                                    subquantizers,
                                    &positions
                                )
                            }
                            let found = if let terms { run(terms) } else { run(nil) }
                            if found == Int(bitPattern: UInt.max) { continue }  // This level has no filter.
                            let left = positions[..<found].map(Int.init)
                            #expect(left == left.sorted())
                            #expect(Set(left).isSuperset(of: (0..<count).filter { distances[$0] <= limit }))
                            if range > 0.01 {
                                let step = range / 255
                                let farthest = limit + step * Float(subquantizers + 3)
                                #expect(left.allSatisfy { distances[$0] <= farthest })
                            }
                        }
                    }
                }
            }
        }
    }

    /// Faiss's layout of 4-bit codes, from one code after the other.
    private static func packed(_ codes: [UInt8], subquantizers: Int) -> [UInt8] {
        let count = codes.count / subquantizers
        var blocks = [UInt8](repeating: 0, count: (count + 31) / 32 * 16 * subquantizers)
        let order = [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15]
        for i in 0..<count {
            for m in 0..<subquantizers {
                let place = (i / 32 * subquantizers + m) * 16 + order.firstIndex(of: i % 16)!
                blocks[place] |= codes[i * subquantizers + m] << (i % 32 < 16 ? 0 : 4)
            }
        }
        return blocks
    }

    @Test(
        "A filter of packed codes leaves all that are near enough, and not many more",
        arguments: KernelLevel.available
    )
    private func packedFilters(level: KernelLevel) {
        for subquantizers in [2, 4, 6, 8, 10, 16, 32, 50, 64, 100] {
            for count in [1, 31, 32, 33, 64, 65, 100, 500] {
                let table = Self.numbers(subquantizers * 16, seed: subquantizers)
                let codes = Self.bytes(subquantizers * count, seed: count, below: 15)
                let blocks = Self.packed(codes, subquantizers: subquantizers)
                let base: Float = -0.5
                var distances = [Float](repeating: .nan, count: (count + 31) / 32 * 32)
                faiss_scan_packed_distances(table, base, blocks, count, subquantizers, &distances)
                for i in 0..<count {
                    let expected = (0..<subquantizers).reduce(Double(base)) { sum, m in
                        sum + Double(table[m * 16 + Int(codes[i * subquantizers + m])])
                    }
                    #expect(abs(Double(distances[i]) - expected) < 1e-5 * Double(subquantizers))
                }
                let sorted = distances[..<count].sorted()
                for limit in [sorted[count / 10], sorted[count / 2], sorted[count - 1], sorted[0] - 1] {
                    for madeFor in [limit, limit + 1, limit - 1] {
                        var positions = [UInt16](repeating: 0, count: 4096)
                        let found = faiss_scan_packed_filter(
                            level,
                            table,
                            base,
                            limit,
                            madeFor,
                            blocks,
                            count,
                            subquantizers,
                            &positions
                        )
                        if found == Int(bitPattern: UInt.max) { continue }  // This level has no filter.
                        let left = Set(positions[..<found].map(Int.init))
                        #expect(left.count == found && left.allSatisfy { $0 < count })
                        let near = (0..<count).filter { distances[$0] <= limit }
                        // With a limit that has risen since the filter was made, bytes may be at their end.
                        if madeFor >= limit { #expect(left.isSuperset(of: near)) }
                        if madeFor == limit, subquantizers <= 64 {
                            let lowest = (0..<subquantizers).reduce(base) { sum, m in
                                sum + table[m * 16..<m * 16 + 16].min()!
                            }
                            let farthest = limit + max(limit - lowest, 0) / 240 * Float(subquantizers + 3) + 1e-4
                            #expect(left.allSatisfy { distances[$0] <= farthest })
                        }
                    }
                }
            }
        }
    }

    // MARK: Whole searches

    @Test("One query and many find the same, bit by bit", arguments: everyBuilder, Metric.allCases)
    private func batches(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: vectors(900))
        let queries = try vectors(70, seed: 2)
        let options = SearchOptions(probes: 3)
        let together = try index.search(queries, k: 20, options: options)
        for query in stride(from: 0, to: 70, by: 9) {
            #expect(try Array(together[query]) == index.search(Array(queries[query]), k: 20, options: options))
        }
    }

    @Test("A search within a distance and one for the nearest agree, bit by bit", arguments: rangeBuilders)
    private func ranges(description: IndexDescription) throws {
        for metric in Metric.allCases {
            let index = try makeIndex(description, metric: metric, holding: vectors(900))
            let query = try Array(vectors(1, seed: 3)[0])
            let nearest = try index.search(query, k: 30, options: SearchOptions(probes: 5))
            let radius = nearest[29].distance
            let within = try index.search(query, within: radius, options: SearchOptions(probes: 5))
            #expect(within == nearest.filter { metric.isNearer($0.distance, than: radius) })
        }
    }
}
