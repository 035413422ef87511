import Faiss
import TestSupport
import Testing
import Vectors

/// Points of three classes, queries (the first is the fourth point), and what scikit-learn 1.9.1 says of them.
private enum Known {
    static let points: [Float] = [
        0.86, 2.37, 0.94, 4.33, 7.35, 1.14, 7.38, 9.56, 2.98, 3.14, 0.3, 7.07, 3.74, 0.91, 2.07, 6.3, 6.13, 1.97, 8.01,
        5.82, 6.96, 2.93, 8.92, 5.85, 7.22, 2.19, 8.3, 6.58, 4.29, 7.59, 8.78, 1.02, 8.5, 3.94, 6.98, 2.92, 8.71, 2.75,
        5.62, 4.0, 1.8, 7.47, 7.52, 5.67, 9.21, 2.06, 8.51, 1.69, 9.64, 6.24, 4.79, 1.6, 3.91, 5.17, 4.31, 5.87, 2.84,
        6.49, 0.01, 9.73, 4.71, 7.73, 6.61, 9.31, 2.98, 7.42, 6.83, 8.2, 4.8, 1.46, 6.07, 9.71,
    ]
    static let labels = [Int](repeating: 0, count: 9) + [Int](repeating: 1, count: 16) + [Int](repeating: 2, count: 11)
    static let queries: [Float] = [
        7.38, 9.56, 4.93, 8.49, 9.65, 7.08, 2.14, 5.45, 7.06, 0.52, 6.8, 3.68, 5.9, 6.7, 6.69, 5.23, 5.55, 1.98, 4.95,
        1.25, 4.81, 5.36, 7.74, 3.94, 0.2, 5.28, 2.05, 7.41, 3.89, 3.8, 9.09, 3.93, 3.49, 3.48, 4.81, 0.93, 5.47, 9.21,
        5.63, 7.44, 9.47, 8.42, 7.44, 8.13, 8.2, 2.54, 4.82, 3.43, 2.62, 5.72, 3.18, 6.19, 5.82, 1.04, 4.42, 3.9, 7.07,
        0.88, 1.69, 5.13,
    ]

    static func numbers(_ text: String) -> [Int] { text.compactMap(\.wholeNumberValue) }
}

@Suite("Classifiers")
struct ClassifierTests {
    @Test(
        "The neighbours' vote is scikit-learn's, ties included",
        arguments: [
            (.uniform, .squaredL2, 1, "021001210221010102221211020100"),
            (.uniform, .squaredL2, 4, "221001212021022120221210220200"),
            (.uniform, .squaredL2, 7, "221211111021022120221112220210"),
            (.distance, .squaredL2, 1, "021001210221010102221211020100"),
            (.distance, .squaredL2, 4, "021001212221012102221210222200"),
            (.distance, .squaredL2, 7, "021211112221012102221212220200"),
            (.distance, .cosine, 1, "011211212001010101221021211110"),
            (.distance, .cosine, 4, "011211212001000101221011211110"),
        ] as [(NearestNeighborsClassifier.Weights, Metric, Int, String)]
    )
    func scikitLearn(weights: NearestNeighborsClassifier.Weights, metric: Metric, k: Int, expected: String) throws {
        let points = try VectorMatrix(Known.points, dimension: 2)
        let queries = try VectorMatrix(Known.queries, dimension: 2)
        let model = try NearestNeighborsClassifier(k: k, weights: weights, metric: metric)
            .fit(points, labels: Known.labels)
        #expect(try model.predict(queries) == Known.numbers(expected))
        #expect(model.classes == [0, 1, 2])
    }

    @Test("The shares of the vote are scikit-learn's")
    func probabilities() throws {
        let model = try NearestNeighborsClassifier(k: 4, weights: .distance)
            .fit(VectorMatrix(Known.points, dimension: 2), labels: Known.labels)
        let found = try model.probabilities(VectorMatrix(Array(Known.queries[..<8]), dimension: 2))
        let expected = [
            [1, 0, 0], [0, 0.2741278661164954, 0.7258721338835046], [0, 1, 0],
            [0.5678900809460616, 0, 0.43210991905393836],
        ]
        for (found, expected) in zip(found, expected) {
            for (one, other) in zip(found, expected) { #expect(abs(one - other) < 1e-6) }
        }
    }

    @Test("The nearest centroid is scikit-learn's")
    func centroids() throws {
        let points = try VectorMatrix(Known.points, dimension: 2)
        let queries = try VectorMatrix(Known.queries, dimension: 2)
        let names = Known.labels.map { ["red", "green", "blue"][$0] }
        let model = try NearestCentroidClassifier().fit(points, labels: names)
        #expect(model.classes == ["red", "green", "blue"])
        let expected = Known.numbers("221011210021020100221210021010").map { ["red", "green", "blue"][$0] }
        #expect(try model.predict(queries) == expected)
        for number in 0..<3 {
            let rows = Known.labels.indices.filter { Known.labels[$0] == number }
            for column in 0..<2 {
                let mean = rows.reduce(0.0) { $0 + Double(points[$1][2 * $1 + column]) } / Double(rows.count)
                #expect(abs(Double(model.centroids[number][2 * number + column]) - mean) < 1e-6)
            }
        }
    }

    @Test("By cosine a centroid is a direction, whatever the vectors' lengths")
    func cosineCentroids() throws {
        let directions = try TestVectors.gaussianMixture(300, dimension: 8, clouds: 3, spread: 0.1, seed: 4)
        let values = (0..<300).flatMap { row in directions[row].map { $0 * Float(1 + row * row) } }
        let points = try VectorMatrix(values, dimension: 8)
        let labels = (0..<300).map { $0 % 3 }
        let model = try NearestCentroidClassifier(metric: .cosine).fit(points, labels: labels)
        #expect(try model.predict(directions) == labels)
        for number in 0..<3 {
            let length = model.centroids[number].reduce(0) { $0 + $1 * $1 }
            #expect(abs(length - 1) < 1e-5)
        }
    }

    @Test("Any index may find the neighbours", arguments: everyBuilder)
    func anyIndex(description: IndexDescription) async throws {
        let points = try vectors(600)
        let labels = (0..<600).map { $0 % 10 }
        let model = try await NearestNeighborsClassifier(index: description, options: exhaustive)
            .fit(points[0..<500], labels: Array(labels[..<500]))
        let predicted = try await model.predict(points[500..<600])
        let right = zip(predicted, labels[500...]).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        #expect(right >= 95)
    }

    @Test("A filter chooses who votes; who has nobody to vote is refused")
    func filters() throws {
        let points = try vectors(50)
        var classifier = NearestNeighborsClassifier(k: 3)
        classifier.options.filter = .range(10..<11)
        let labels = (0..<50).map { "\($0)" }
        let model = try classifier.fit(points, labels: labels)
        #expect(try model.predict(points) == [String](repeating: "10", count: 50))
        classifier.options.filter = .ids([])
        let empty = try classifier.fit(points, labels: labels)
        expectFailure(.invalidArgument, naming: "row 0") { try empty.predict(points) }
    }

    @Test("What can't be learned is refused")
    func refused() throws {
        let points = try vectors(20)
        let labels = (0..<20).map { $0 % 2 }
        let none = try VectorMatrix([], dimension: 4)
        expectFailure(.invalidArgument, naming: "19 labels", "20 points") {
            try NearestNeighborsClassifier().fit(points, labels: Array(labels[1...]))
        }
        expectFailure(.invalidArgument, naming: "19 labels", "20 points") {
            try NearestCentroidClassifier().fit(points, labels: Array(labels[1...]))
        }
        expectFailure(.invalidArgument, naming: "no points") {
            try NearestNeighborsClassifier().fit(none, labels: [Int]())
        }
        expectFailure(.invalidArgument, naming: "no points") {
            try NearestCentroidClassifier().fit(none, labels: [Int]())
        }
        for k in [0, -1, 21, Int.max] {
            expectFailure(.invalidArgument, naming: "k \(k)", "1...20") {
                try NearestNeighborsClassifier(k: k).fit(points, labels: labels)
            }
        }
        expectFailure(.invalidArgument, naming: "inner product") {
            try NearestNeighborsClassifier(weights: .distance, metric: .innerProduct).fit(points, labels: labels)
        }
        let opposite = try VectorMatrix([1, 0, -1, 0], dimension: 2)
        expectFailure(.invalidArgument, naming: "class 7", "direction") {
            try NearestCentroidClassifier(metric: .cosine).fit(opposite, labels: [7, 7])
        }
        let model = try NearestNeighborsClassifier().fit(points, labels: labels)
        expectFailure(.dimensionMismatch, naming: "4", "32") { try model.predict(none) }
        let centroids = try NearestCentroidClassifier().fit(points, labels: labels)
        expectFailure(.dimensionMismatch, naming: "4", "32") { try centroids.predict(none) }
    }
}
