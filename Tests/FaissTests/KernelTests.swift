import Faiss
import FaissC
import FaissKernelHooks
import TestSupport
import Testing
import Vectors
import VectorsC

@Suite("Kernels")
struct KernelTests {
    /// Around every width of a vector, and of four of them.
    private static let dimensions = Array(1...70) + [96, 100, 127, 128, 129, 131, 255, 300]

    /// Random numbers at an address that no vector is aligned to.
    private struct Numbers {
        let values: [Float]
        let offset: Int

        init(_ count: Int, offset: Int, seed: UInt64, in range: ClosedRange<Float> = -1...1) {
            var random = SplitMix64(seed: seed)
            values = (0..<count + offset).map { _ in .random(in: range, using: &random) }
            self.offset = offset
        }

        func withPointer<Answer>(_ body: (UnsafePointer<Float>) -> Answer) -> Answer {
            values.withUnsafeBufferPointer { body($0.baseAddress! + offset) }
        }

        subscript(index: Int) -> Double { Double(values[offset + index]) }
        func floats(_ count: Int) -> [Float] { Array(values[offset..<offset + count]) }
    }

    @Test("Every distance is what plain arithmetic says, up to rounding", arguments: KernelLevel.available)
    private func distances(level: KernelLevel) {
        let kernels = faiss_distance_kernels(level).pointee
        for d in Self.dimensions {
            for offset in 0..<4 {
                let x = Numbers(d, offset: offset, seed: UInt64(d))
                let y = Numbers(d, offset: 3 - offset, seed: UInt64(d + 1000))
                func found(_ kernel: (UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Float) -> Double {
                    Double(x.withPointer { x in y.withPointer { y in kernel(x, y, d) } })
                }
                let differences = (0..<d).map { abs(x[$0] - y[$0]) }
                let tolerance = 1e-6 * Double(d)
                #expect(abs(found(kernels.squared_l2) - differences.reduce(0) { $0 + $1 * $1 }) < 4 * tolerance)
                #expect(abs(found(kernels.inner_product) - (0..<d).reduce(0) { $0 + x[$1] * y[$1] }) < tolerance)
            }
        }
    }

    @Test("Distances to many rows are those to each row, to the bit", arguments: KernelLevel.available)
    private func rows(level: KernelLevel) {
        let kernels = faiss_distance_kernels(level).pointee
        for d in Self.dimensions {
            let count = 1 + d * 7 % 37
            let listed = (0..<count).map { Int32(($0 * 5 + 3) % count) }
            let x = Numbers(d, offset: 1, seed: UInt64(d))
            let y = Numbers(d * count, offset: 2, seed: UInt64(d + 1000))
            var l2 = [Float](repeating: .nan, count: count)
            var products = l2
            x.withPointer { x in
                y.withPointer { y in
                    kernels.squared_l2_rows(&l2, x, y, d, count)
                    kernels.inner_product_rows(&products, x, y, d, count)
                    #expect(l2 == (0..<count).map { kernels.squared_l2(x, y + $0 * d, d) })
                    #expect(products == (0..<count).map { kernels.inner_product(x, y + $0 * d, d) })
                    kernels.squared_l2_listed(&l2, x, y, d, listed, count)
                    kernels.inner_product_listed(&products, x, y, d, listed, count)
                    #expect(l2 == listed.map { kernels.squared_l2(x, y + Int($0) * d, d) })
                    #expect(products == listed.map { kernels.inner_product(x, y + Int($0) * d, d) })
                }
            }
        }
    }

    @Test(
        "Distances below a limit are those to each row, to the bit, and no other is below",
        arguments: KernelLevel.available
    )
    private func nearer(level: KernelLevel) {
        let kernels = faiss_distance_kernels(level).pointee
        for d in [3, 128, 255, 256, 257, 300, 384, 511, 768, 1536] {
            let count = 75
            let listed = (0..<count).map { Int32(($0 * 7 + 3) % count) }
            let x = Numbers(d, offset: 1, seed: UInt64(d))
            let y = Numbers(d * count, offset: 2, seed: UInt64(d + 1000))
            x.withPointer { x in
                y.withPointer { y in
                    let all = listed.map { kernels.squared_l2(x, y + Int($0) * d, d) }
                    let sorted = all.sorted()
                    for limit in [
                        0, sorted[0], sorted[count / 3], sorted[count - 1], .greatestFiniteMagnitude, .infinity,
                    ] {
                        var found = [Float](repeating: .nan, count: count)
                        kernels.squared_l2_nearer(&found, x, y, d, listed, count, limit)
                        #expect(zip(found, all).allSatisfy { $0 == $1 || ($1 >= limit && $0 >= limit) })
                    }
                }
            }
        }
    }

    @Test("All values that are not above a limit are found, and no other", arguments: KernelLevel.available)
    private func selection(level: KernelLevel) {
        for count in 1...70 {
            // Few values, so that some are the limit itself.
            let values = Numbers(count, offset: 3, seed: UInt64(count)).floats(count).map { ($0 * 5).rounded() }
            for limit in [Float(-10), -2, 0, 0.5, 10] {
                var places = [UInt32](repeating: 0, count: count)
                let found = faiss_distance_kernels(level).pointee.not_greater(values, count, limit, &places)
                #expect(places.prefix(found) == values.indices.filter { values[$0] <= limit }.map(UInt32.init)[...])
            }
        }
    }

    private struct Shape: CustomTestStringConvertible, Sendable {
        var level: KernelLevel
        var dimension: Int
        var metric: Metric
        /// Whether a filter may look at rounded values first.
        var mayRound = false
        var testDescription: String {
            "\(level)\(mayRound ? " and bfloat16" : ""), dimension \(dimension), \(metric)"
        }
    }

    private static let shapes: [Shape] =
        KernelLevel.available.flatMap { level in
            [1, 2, 3, 8, 16, 17, 33, 64, 130].flatMap { dimension in
                [Metric.squaredL2, .innerProduct].map { Shape(level: level, dimension: dimension, metric: $0) }
            }
        }
        + [32, 33, 64, 95, 130].flatMap { dimension in
            [Metric.squaredL2, .innerProduct].map {
                Shape(level: KernelLevel.available.last!, dimension: dimension, metric: $0, mayRound: true)
            }
        }

    @Test("Exact search finds what brute force finds, on every level", arguments: shapes)
    private func search(shape: Shape) throws {
        let d = shape.dimension
        let base = try TestVectors.integers(333, dimension: d, in: -3...3, seed: 1)
        for queryCount in [1, 3, 4, 5, 17, 33, 70] {
            let queries = try TestVectors.integers(queryCount, dimension: d, in: -3...3, seed: 2)
            for k in [1, 7, 47, 48, 150, 400] {
                var distances = [Float](repeating: 0, count: queryCount * k)
                var labels = [Int64](repeating: -2, count: queryCount * k)
                queries.withUnsafeBufferPointer { x in
                    base.withUnsafeBufferPointer { y in
                        faiss_kernel_search(
                            shape.level,
                            shape.metric == .squaredL2 ? 1 : 0,
                            d,
                            x.baseAddress,
                            queryCount,
                            y.baseAddress,
                            base.count,
                            k,
                            shape.mayRound ? 1 : 0,
                            &distances,
                            &labels
                        )
                    }
                }
                let truth = BruteForce(base, metric: shape.metric).search(queries, k: k)
                for (row, list) in truth.enumerated() {
                    let places = row * k..<row * k + list.count
                    #expect(labels[places] == list.map(\.id)[...])
                    #expect(distances[places] == list.map(\.distance)[...])
                    #expect(labels[places.upperBound..<(row + 1) * k].allSatisfy { $0 == -1 })
                }
            }
        }
    }

    @Test("A filter by rounded values changes no answer, wherever the numbers lie", arguments: Metric.allCases)
    func rounding(metric: Metric) throws {
        // From the origin and far from it, where 8 bits tell nothing apart; in a batch, where the filter is used, and
        // one by one, where it is not.
        for offset in [Float(0), 1, 1000] {
            let base = try VectorMatrix(vectors(2000).values.map { $0 + offset }, dimension: dimension)
            let queries = try VectorMatrix(vectors(40, seed: 2).values.map { $0 + offset }, dimension: dimension)
            let index = try makeIndex(.flat, metric: metric, holding: base)
            let alone = try (0..<queries.count).map { try index.search(Array(queries[$0]), k: 10) }
            #expect(try index.search(queries, k: 10).map { Array($0) } == alone)
            for (row, list) in alone.enumerated() {
                let truth = BruteForce(base, metric: metric).search(Array(queries[row]), k: 10)
                #expect(zip(list, truth).allSatisfy { abs($0.distance - $1.distance) <= 1e-3 * (1 + abs($1.distance)) })
            }
        }
    }

    @Test("Points are assigned to the nearest centroid, the first of equals, on every level", arguments: shapes)
    private func assignment(shape: Shape) throws {
        let d = shape.dimension
        let points = try TestVectors.integers(300, dimension: d, in: -3...3, seed: 1)
        for count in [1, 2, 3, 5, 12, 13, 256] {
            let centroids = try TestVectors.integers(count, dimension: d, in: -3...3, seed: 2)
            let truth = BruteForce(centroids, metric: shape.metric).search(points, k: 1)
            for pointCount in [1, 16, 33, 300] {
                var distances = [Float](repeating: .nan, count: pointCount)
                var labels = [Int64](repeating: -2, count: pointCount)
                points.withUnsafeBufferPointer { x in
                    centroids.withUnsafeBufferPointer { y in
                        faiss_kernel_assign(
                            shape.level,
                            shape.metric == .squaredL2 ? 1 : 0,
                            d,
                            x.baseAddress,
                            pointCount,
                            y.baseAddress,
                            count,
                            shape.mayRound ? 1 : 0,
                            &distances,
                            &labels
                        )
                    }
                }
                #expect(labels[...] == truth.prefix(pointCount).map { $0.first!.id }[...])
                #expect(distances[...] == truth.prefix(pointCount).map { $0.first!.distance }[...])
            }
        }
    }

    @Test(
        "A matrix times vectors is what plain arithmetic says, and the same for one vector and many",
        arguments: KernelLevel.available
    )
    private func transform(level: KernelLevel) throws {
        for (input, output) in [
            (1, 1), (3, 5), (15, 17), (16, 16), (31, 33), (64, 32), (70, 129), (300, 200), (130, 7),
        ] {
            let count = 45
            let x = Numbers(count * input, offset: 1, seed: UInt64(input))
            let matrix = Numbers(output * input, offset: 2, seed: UInt64(output) + 1000)
            let offset = Numbers(output, offset: 3, seed: 7)
            func transformed(_ rows: Range<Int>, hasOffset: Bool) -> [Float] {
                var y = [Float](repeating: .nan, count: rows.count * output)
                x.withPointer { x in
                    matrix.withPointer { matrix in
                        offset.withPointer { offset in
                            faiss_kernel_transform(
                                level,
                                rows.count,
                                input,
                                output,
                                x + rows.lowerBound * input,
                                matrix,
                                hasOffset ? offset : nil,
                                &y
                            )
                        }
                    }
                }
                return y
            }
            for hasOffset in [false, true] {
                let all = transformed(0..<count, hasOffset: hasOffset)
                for row in 0..<count {
                    for column in 0..<output {
                        var sum = hasOffset ? offset[column] : 0
                        for k in 0..<input { sum += x[row * input + k] * matrix[column * input + k] }
                        #expect(abs(Double(all[row * output + column]) - sum) < 1e-6 * Double(input + 1))
                    }
                }
                for size in [1, 2, 3, 4, 5, 11, 12, 13, 24] {
                    let rows = (count - size)..<count
                    #expect(transformed(rows, hasOffset: hasOffset) == Array(all.suffix(size * output)))
                }
            }
        }
    }
}
