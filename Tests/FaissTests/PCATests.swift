import Faiss
import TestSupport
import Testing
import Vectors

@Suite("PCA")
struct PCATests {
    private static let numbers: [Float] = [
        4, 7, 10, 1, 7, 5, 0, 4, 7, 5, 8, 5, 10, 7, 11, 0, 6, 6, 6, 1, 2, 3, 8, 3, 3, 1, 11, 10, 6, 8, 1, 4, 7, 2, 0, 3,
        9, 0, 12, 9, 2, 11, 8, 7, 5, 2, 5, 1, 11, 3, 10, 6, 5, 11, 6, 8, 5, 1, 1, 3,
    ]

    private func expectNear(
        _ found: some Sequence<some BinaryFloatingPoint>,
        _ expected: [Double],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (one, other) in zip(found.map { Double($0) }, expected) {
            #expect(abs(one - other) < 2e-6 * max(1, abs(other)), sourceLocation: sourceLocation)
        }
    }

    @Test("Mean, directions, variances and vectors are scikit-learn's, signs included")
    func scikitLearn() throws {
        let points = try VectorMatrix(Self.numbers, dimension: 4)
        let model = try PCA(components: 3).fit(points)
        expectNear(model.mean, [5.933333333333334, 4.8, 6.466666666666667, 4.333333333333333])
        expectNear(
            model.components.values,
            [
                0.07597501702582485, -0.09565662563280983, 0.924159676452803, 0.36194819957988494, -0.30396420603575514,
                0.9455046560027216, 0.11499590500283119, 0.020066109707840153, -0.4535150701998053, -0.1268309017444258,
                -0.30066444186932784, 0.8293605349061212,
            ]
        )
        expectNear(model.explainedVariance, [19.464256252626996, 12.885277104650925, 8.7919233506664])
        expectNear(model.explainedVarianceRatio, [0.41388151205464446, 0.27398827379269886, 0.18694855241392708])
        let projected = try model.transform(points)
        #expect(projected.count == 15 && projected.dimension == 3)
        expectNear(
            projected.values[..<6],
            [
                1.7015405822248448, 3.007206206858984, -3.2291149924101417, -6.034973281220436, -0.8854564441585158,
                1.1587276238909356,
            ]
        )
    }

    @Test("So they are where there are fewer points than dimensions")
    func fewPoints() throws {
        let model = try PCA(components: 4).fit(VectorMatrix(Self.numbers, dimension: 10))
        expectNear(
            model.components[0],
            [
                0.47625631235715243, 0.1112426203523348, -0.027033995741586783, 0.4096132014837803, 0.4046785037685872,
                0.17892158819217693, -0.2803455947093539, -0.05761591350857887, -0.41761934110011173,
                -0.3744254350931722,
            ]
        )
        expectNear(
            model.explainedVariance,
            [52.53096309785294, 26.401659884713844, 21.414374974505822, 12.423920505917655]
        )
    }

    @Test(
        "Directions are orthonormal, variances those of the projections, and all directions hold everything",
        arguments: [(2000, 12), (40, 12), (9, 30), (1300, 1)]
    )
    func properties(count: Int, dimension: Int) async throws {
        let points = try TestVectors.gaussianMixture(count, dimension: dimension, clouds: 4, spread: 0.3, seed: 3)
        let most = min(count - 1, dimension)
        let model = try await PCA(components: most).fit(points)
        for first in 0..<most {
            for second in 0...first {
                let product = zip(model.components[first], model.components[second]).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(product - (first == second ? 1 : 0)) < 1e-5)
            }
        }
        let projected = try await model.transform(points)
        for place in 0..<most {
            let column = (0..<count).map { Double(projected.values[$0 * most + place]) }
            let mean = column.reduce(0, +) / Double(count)
            let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
            #expect(abs(mean) < 1e-5)
            #expect(abs(variance - model.explainedVariance[place]) < 1e-5)
        }
        #expect(zip(model.explainedVariance, model.explainedVariance.dropFirst()).allSatisfy { $0 >= $1 })
        #expect(abs(model.explainedVarianceRatio.reduce(0, +) - 1) < 1e-9)
        let back = try await model.inverseTransform(projected)
        for (one, other) in zip(back.values, points.values) { #expect(abs(one - other) < 1e-5) }
    }

    @Test("A mean far from zero costs nothing of the directions")
    func offset() throws {
        let points = try TestVectors.gaussianMixture(1000, dimension: 6, clouds: 3, spread: 0.3, seed: 9)
        // Steps of 2⁻⁶, which both forms hold exactly.
        let coarse = points.values.map { ($0 * 64).rounded() / 64 }
        let plain = try PCA(components: 3).fit(VectorMatrix(coarse, dimension: 6))
        let far = try PCA(components: 3).fit(VectorMatrix(coarse.map { $0 + 65_536 }, dimension: 6))
        expectNear(far.components.values, plain.components.values.map { Double($0) })
        expectNear(far.explainedVariance, plain.explainedVariance)
        let moved = try far.transform(VectorMatrix(coarse.map { $0 + 65_536 }, dimension: 6))
        expectNear(moved.values, try plain.transform(VectorMatrix(coarse, dimension: 6)).values.map { Double($0) })
    }

    @Test("Points that are all the same have no directions")
    func same() throws {
        let points = try VectorMatrix([Float](repeating: 3, count: 40), dimension: 4)
        let model = try PCA(components: 2).fit(points)
        #expect(model.explainedVariance == [0, 0] && model.explainedVarianceRatio == [0, 0])
        #expect(try model.transform(points).values == [Float](repeating: 0, count: 20))
        #expect(try model.inverseTransform(model.transform(points)) == points)
        #expect(try model.transform(VectorMatrix([], dimension: 4)).isEmpty)
    }

    @Test("What can't be taken apart is refused")
    func refused() throws {
        let points = try vectors(50)
        for components in [0, -1, 33, Int.max] {
            expectFailure(.invalidArgument, naming: "components \(components)", "1...32") {
                try PCA(components: components).fit(points)
            }
        }
        expectFailure(.tooFewTrainingVectors, naming: "1 points") { try PCA(components: 1).fit(points[0..<1]) }
        let wide = try VectorMatrix([Float](repeating: 0, count: 4097 * 4097), dimension: 4097)
        expectFailure(.tooLarge, naming: "4097 × 4097", "4096") { try PCA(components: 1).fit(wide) }
        let spoilt = try VectorMatrix([1, 2, .infinity, 4], dimension: 2)
        expectFailure(.notFinite, naming: "row 1, column 0") { try PCA(components: 1).fit(spoilt) }
        let model = try PCA(components: 2).fit(points)
        expectFailure(.dimensionMismatch, naming: "2", "32") { try model.transform(spoilt) }
        expectFailure(.notFinite, naming: "row 1") { try model.inverseTransform(spoilt) }
    }

    @Test("It tells of its progress and stops when its task is cancelled")
    func progress() async throws {
        let points = try vectors(3000)
        let record = ProgressRecord()
        let model = try await PCA(components: 2).fit(points, progress: record.handler)
        #expect(record.last?.total == 7)
        #expect(try await PCA(components: 2).fit(points) == model)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await PCA(components: 2).fit(points)
        }
        await #expect(throws: VectorError(.cancelled, "cancelled")) { try await task.value }
    }
}
