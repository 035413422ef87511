import TestSupport
import Testing
import Word2Vec

@Suite("Training kernel")
struct TrainingKernelTests {
    private struct Shape: CustomTestStringConvertible, Sendable {
        var dimension: Int
        var inputs: Int
        var outputs: Int
        var level: KernelLevel
        var testDescription: String { "\(inputs) × \(outputs), dimension \(dimension), \(level)" }
    }

    /// On every level that this processor has.
    private static let shapes: [Shape] = KernelLevel.available.flatMap { level in
        [1, 2, 3, 4, 5, 15, 16, 17, 100, 131].flatMap { dimension in
            [(1, 1), (1, 6), (2, 3), (3, 4), (4, 1), (5, 7), (7, 2), (10, 6), (13, 17), (20, 41)].map {
                Shape(dimension: dimension, inputs: $0, outputs: $1, level: level)
            }
        }
    }

    /// A step's rows, as the kernel and as the scalar baseline hold them.
    private struct Rows {
        let inputs: SharedRows
        let outputs: SharedRows
        var scalarInputs: [[Double]] = []
        var scalarOutputs: [[Double]] = []
        let targets: [Float]

        init(_ shape: Shape, seed: UInt64, size: Float) throws {
            var random = SplitMix64(seed: seed)
            inputs = try SharedRows(count: shape.inputs, dimension: shape.dimension)
            outputs = try SharedRows(count: shape.outputs, dimension: shape.dimension)
            targets = (0..<shape.outputs).map { $0 == 0 ? 1 : [-1, -2, 1][$0 % 3] }
            for rows in [inputs, outputs] {
                for row in 0..<rows.count {
                    for column in 0..<rows.dimension {
                        rows.row(row)[column] = .random(in: -size...size, using: &random)
                    }
                }
            }
            scalarInputs = values(inputs)
            scalarOutputs = values(outputs)
        }

        func values(_ rows: SharedRows) -> [[Double]] {
            (0..<rows.count).map { row in (0..<rows.dimension).map { Double(rows.row(row)[$0]) } }
        }

        func fill(_ kernel: TrainingKernel) {
            for row in 0..<inputs.count { kernel.inputs[row] = inputs.row(row) }
            for row in 0..<outputs.count {
                kernel.windows[0].outputs[row] = outputs.row(row)
                kernel.windows[0].targets[row] = targets[row]
            }
            kernel.windows[0].count = outputs.count
        }

        func checkPadding() {
            for rows in [inputs, outputs] {
                for row in 0..<rows.count {
                    for column in rows.dimension..<rows.stride { #expect(rows.row(row)[column] == 0) }
                }
            }
        }
    }

    private func expectNear(
        _ found: [[Double]],
        _ expected: [[Double]],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (row, expectedRow) in zip(found, expected) {
            for (value, expectedValue) in zip(row, expectedRow) {
                #expect(
                    abs(value - expectedValue) < 2e-6 * max(1, abs(expectedValue)),
                    sourceLocation: sourceLocation
                )
            }
        }
    }

    @Test("A step changes rows as the scalar one does, and states the same loss", arguments: shapes)
    private func step(shape: Shape) throws {
        let kernel = TrainingKernel(
            dimension: shape.dimension,
            maximumInputs: shape.inputs,
            maximumOutputs: shape.outputs,
            level: shape.level
        )
        for seed in 0..<3 as Range<UInt64> {
            var rows = try Rows(shape, seed: seed, size: 0.5)
            rows.fill(kernel)
            let loss = kernel.step(inputs: shape.inputs, window: 0, learningRate: 0.05)
            let expected = ScalarWord2Vec.step(
                inputs: &rows.scalarInputs,
                outputs: &rows.scalarOutputs,
                targets: rows.targets.map(Double.init),
                learningRate: 0.05
            )
            #expect(abs(loss - expected) < 1e-5 * max(1, expected))
            expectNear(rows.values(rows.inputs), rows.scalarInputs)
            expectNear(rows.values(rows.outputs), rows.scalarOutputs)
            rows.checkPadding()
        }
    }

    @Test("A step on the mean gives every input what the scalar step gives the mean", arguments: shapes)
    private func stepOnMean(shape: Shape) throws {
        let kernel = TrainingKernel(
            dimension: shape.dimension,
            maximumInputs: shape.inputs,
            maximumOutputs: shape.outputs,
            level: shape.level
        )
        var rows = try Rows(shape, seed: 5, size: 0.5)
        rows.fill(kernel)
        let loss = kernel.stepOnMean(inputs: shape.inputs, window: 0, learningRate: 0.05)

        let before = (0..<shape.dimension).map { column in
            rows.scalarInputs.reduce(0) { $0 + $1[column] } / Double(shape.inputs)
        }
        var mean = [before]
        let expected = ScalarWord2Vec.step(
            inputs: &mean,
            outputs: &rows.scalarOutputs,
            targets: rows.targets.map(Double.init),
            learningRate: 0.05
        )
        #expect(abs(loss - expected) < 1e-5 * max(1, expected))
        expectNear(
            rows.values(rows.inputs),
            rows.scalarInputs.map { row in row.indices.map { row[$0] + mean[0][$0] - before[$0] } }
        )
        expectNear(rows.values(rows.outputs), rows.scalarOutputs)
        rows.checkPadding()
    }

    @Test("A row that is listed twice among the inputs gains twice", arguments: KernelLevel.available)
    func repeatedInput(level: KernelLevel) throws {
        let shape = Shape(dimension: 10, inputs: 2, outputs: 3, level: level)
        let kernel = TrainingKernel(dimension: 10, maximumInputs: 2, maximumOutputs: 3, level: level)
        var rows = try Rows(shape, seed: 1, size: 0.5)
        rows.fill(kernel)
        kernel.inputs[1] = kernel.inputs[0]
        _ = kernel.step(inputs: 2, window: 0, learningRate: 0.05)

        let before = rows.scalarInputs[0]
        rows.scalarInputs[1] = before
        _ = ScalarWord2Vec.step(
            inputs: &rows.scalarInputs,
            outputs: &rows.scalarOutputs,
            targets: rows.targets.map(Double.init),
            learningRate: 0.05
        )
        let gained = before.indices.map { before[$0] + 2 * (rows.scalarInputs[0][$0] - before[$0]) }
        expectNear([rows.values(rows.inputs)[0]], [gained])
        expectNear(rows.values(rows.outputs), rows.scalarOutputs)
    }

    @Test("Loss and gradient are right for products from −200 to 200", arguments: [-1, 1] as [Float])
    func largeProducts(target: Float) throws {
        let kernel = TrainingKernel(dimension: 1, maximumInputs: 1, maximumOutputs: 1)
        let input = try SharedRows(count: 1, dimension: 1)
        let output = try SharedRows(count: 1, dimension: 1)
        for product in stride(from: -200.0, through: 200, by: 0.37) {
            input.row(0)[0] = 1
            output.row(0)[0] = Float(product)
            kernel.inputs[0] = input.row(0)
            kernel.windows[0].outputs[0] = output.row(0)
            kernel.windows[0].count = 1
            kernel.windows[0].targets[0] = target
            let loss = kernel.step(inputs: 1, window: 0, learningRate: 0.5)
            var (scalarInput, scalarOutput) = ([[1.0]], [[Double(Float(product))]])
            let expected = ScalarWord2Vec.step(
                inputs: &scalarInput,
                outputs: &scalarOutput,
                targets: [Double(target)],
                learningRate: 0.5
            )
            #expect(abs(loss - expected) < 1e-6 * max(1, expected))
            #expect(abs(Double(output.row(0)[0]) - scalarOutput[0][0]) < 1e-6 * max(1, abs(product)))
        }
    }

    @Test("Numbers that have grown without bound stay visible: they do not trap, and become NaN or infinite")
    func divergence() throws {
        let kernel = TrainingKernel(dimension: 5, maximumInputs: 2, maximumOutputs: 2)
        for value in [Float.infinity, .nan, .greatestFiniteMagnitude] {
            let rows = try Rows(Shape(dimension: 5, inputs: 2, outputs: 2, level: .chosen), seed: 1, size: 0.5)
            for column in 0..<5 { rows.inputs.row(0)[column] = value }
            rows.fill(kernel)
            _ = kernel.step(inputs: 2, window: 0, learningRate: 10)
            _ = kernel.step(inputs: 2, window: 0, learningRate: 10)
            #expect(!rows.outputs.row(0)[0].isFinite)
        }
    }
}
