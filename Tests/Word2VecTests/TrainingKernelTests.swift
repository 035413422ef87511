import TestSupport
import Testing
import VectorsC
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
        /// For each centre the weight of each output.
        let targets: [[Float]]
        let counts: TrainingKernel.InputCounts

        /// With two centres, some inputs are in both windows, some in one.
        init(_ shape: Shape, centres: Int = 1, seed: UInt64, size: Float) throws {
            var random = SplitMix64(seed: seed)
            inputs = try SharedRows(count: shape.inputs, dimension: shape.dimension)
            outputs = try SharedRows(count: shape.outputs, dimension: shape.dimension)
            targets = (0..<centres).map { centre in
                (0..<shape.outputs).map { $0 < centres ? ($0 == centre ? 1 : 0) : [-1, -2, 0, -1][$0 % 4] }
            }
            counts =
                centres == 1
                ? .init(first: shape.inputs)
                : .init(first: 1, both: shape.inputs - 1 - shape.inputs / 4, second: shape.inputs / 4)
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

        /// Whether an input is in the window of a centre.
        func isMember(_ input: Int, of centre: Int) -> Bool {
            centre == 0 ? input < counts.first + counts.both : input >= counts.first
        }

        /// For each input the weight of each output.
        var scalarTargets: [[Double]] {
            (0..<inputs.count).map { input in
                (0..<outputs.count).map { output in
                    targets.indices.reduce(0) { $0 + (isMember(input, of: $1) ? Double(targets[$1][output]) : 0) }
                }
            }
        }

        func values(_ rows: SharedRows) -> [[Double]] {
            (0..<rows.count).map { row in (0..<rows.dimension).map { Double(rows.row(row)[$0]) } }
        }

        /// Adds the rows as a block behind those of other rows, of which there are so many inputs.
        func fill(_ kernel: TrainingKernel, _ goals: inout TrainingKernel.Goals, after inputCount: Int = 0) {
            if inputCount == 0 { goals.clear() }
            for row in 0..<inputs.count { kernel.inputs[inputCount + row] = inputs.row(row) }
            kernel.inputCounts[goals.blockCount] = counts
            for row in 0..<outputs.count {
                goals.nextOutputs[row] = outputs.row(row)
                for (centre, weights) in targets.enumerated() { goals.nextWeights(centre: centre)[row] = weights[row] }
            }
            goals.addBlock(outputs: outputs.count, centres: targets.count)
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

    /// A kernel for a shape, goals for it, and what to free at the end.
    private func withKernel(
        _ shape: Shape,
        blocks: Int = 1,
        onMeans: Bool = false,
        _ body: (TrainingKernel, inout TrainingKernel.Goals) throws -> Void
    ) rethrows {
        let kernel = TrainingKernel(
            dimension: shape.dimension,
            maximumBlocks: blocks,
            maximumInputs: shape.inputs,
            maximumOutputs: shape.outputs,
            level: shape.level
        )
        var goals = TrainingKernel.Goals(maximumBlocks: blocks, maximumOutputs: shape.outputs, onMeans: onMeans)
        defer { goals.deallocate() }
        try body(kernel, &goals)
    }

    @Test("A step changes rows as the scalar one does, and states the same loss", arguments: shapes, [1, 2])
    private func step(shape: Shape, centres: Int) throws {
        try withKernel(shape) { kernel, goals in
            for (seed, inTurn) in [(0, false), (1, false), (2, true), (3, true)] as [(UInt64, Bool)] {
                var rows = try Rows(shape, centres: centres, seed: seed, size: 0.5)
                rows.fill(kernel, &goals)
                let loss = kernel.step(goals: goals, learningRate: 0.05, inTurn: inTurn)
                let expected = ScalarWord2Vec.step(
                    inputs: &rows.scalarInputs,
                    outputs: &rows.scalarOutputs,
                    targets: rows.scalarTargets,
                    learningRate: 0.05,
                    inTurn: inTurn
                )
                #expect(abs(loss - expected) < 1e-5 * max(1, expected))
                expectNear(rows.values(rows.inputs), rows.scalarInputs)
                expectNear(rows.values(rows.outputs), rows.scalarOutputs)
                rows.checkPadding()
            }
        }
    }

    /// A step on means, in place of the rows' scalar values. Returns the loss.
    private func scalarStepOnMeans(_ rows: inout Rows, dimension: Int) -> Double {
        let centres = rows.targets.count
        let before = (0..<centres).map { centre in
            let members = rows.scalarInputs.indices.filter { rows.isMember($0, of: centre) }
            return (0..<dimension).map { column in
                members.reduce(0) { $0 + rows.scalarInputs[$1][column] } / Double(members.count)
            }
        }
        var means = before
        let loss = ScalarWord2Vec.step(
            inputs: &means,
            outputs: &rows.scalarOutputs,
            targets: rows.targets.map { $0.map(Double.init) },
            learningRate: 0.05
        )
        for centre in 0..<centres {
            for input in rows.scalarInputs.indices where rows.isMember(input, of: centre) {
                for column in 0..<dimension {
                    rows.scalarInputs[input][column] += means[centre][column] - before[centre][column]
                }
            }
        }
        return loss
    }

    @Test("A step on means gives every input what the scalar step gives its means", arguments: shapes, [1, 2])
    private func stepOnMeans(shape: Shape, centres: Int) throws {
        // Either centre needs an input.
        guard shape.inputs >= centres else { return }
        try withKernel(shape, onMeans: true) { kernel, goals in
            var rows = try Rows(shape, centres: centres, seed: 5, size: 0.5)
            rows.fill(kernel, &goals)
            let loss = kernel.stepOnMeans(goals: goals, learningRate: 0.05)
            let expected = scalarStepOnMeans(&rows, dimension: shape.dimension)
            #expect(abs(loss - expected) < 1e-5 * max(1, expected))
            expectNear(rows.values(rows.inputs), rows.scalarInputs)
            expectNear(rows.values(rows.outputs), rows.scalarOutputs)
            rows.checkPadding()
        }
    }

    @Test("A step of several blocks does to each what a step of it alone does", arguments: shapes, [false, true])
    private func blocks(shape: Shape, onMeans: Bool) throws {
        guard shape.inputs >= 2 else { return }
        try withKernel(shape, blocks: 3, onMeans: onMeans) { kernel, goals in
            // Two centres, one, and two; fewer inputs and outputs in the second.
            var small = shape
            small.inputs -= 1
            small.outputs = max(1, small.outputs - 3)
            let blocks = [
                try Rows(shape, centres: 2, seed: 1, size: 0.5),
                try Rows(small, centres: 1, seed: 2, size: 0.5),
                try Rows(shape, centres: 2, seed: 3, size: 0.5),
            ]
            var inputs = 0
            for block in blocks {
                block.fill(kernel, &goals, after: inputs)
                inputs += block.inputs.count
            }
            let loss =
                onMeans
                ? kernel.stepOnMeans(goals: goals, learningRate: 0.05) : kernel.step(goals: goals, learningRate: 0.05)
            var expected = 0.0
            for var block in blocks {
                if onMeans {
                    expected += scalarStepOnMeans(&block, dimension: shape.dimension)
                } else {
                    expected += ScalarWord2Vec.step(
                        inputs: &block.scalarInputs,
                        outputs: &block.scalarOutputs,
                        targets: block.scalarTargets,
                        learningRate: 0.05
                    )
                }
                expectNear(block.values(block.inputs), block.scalarInputs)
                expectNear(block.values(block.outputs), block.scalarOutputs)
                block.checkPadding()
            }
            #expect(abs(loss - expected) < 1e-5 * max(1, expected))
        }
    }

    @Test("A row that is listed twice among the inputs gains twice", arguments: KernelLevel.available, [3, 11])
    func repeatedInput(level: KernelLevel, outputs: Int) throws {
        let shape = Shape(dimension: 10, inputs: 2, outputs: outputs, level: level)
        try withKernel(shape) { kernel, goals in
            var rows = try Rows(shape, seed: 1, size: 0.5)
            rows.fill(kernel, &goals)
            kernel.inputs[1] = kernel.inputs[0]
            _ = kernel.step(goals: goals, learningRate: 0.05)

            let before = rows.scalarInputs[0]
            rows.scalarInputs[1] = before
            _ = ScalarWord2Vec.step(
                inputs: &rows.scalarInputs,
                outputs: &rows.scalarOutputs,
                targets: rows.scalarTargets,
                learningRate: 0.05
            )
            let gained = before.indices.map { before[$0] + 2 * (rows.scalarInputs[0][$0] - before[$0]) }
            expectNear([rows.values(rows.inputs)[0]], [gained])
            // Outputs may differ by what the row has gained already, times a gradient.
            for (row, expected) in zip(rows.values(rows.outputs), rows.scalarOutputs) {
                for (value, expected) in zip(row, expected) { #expect(abs(value - expected) < 0.05 * 0.1) }
            }
        }
    }

    @Test("Loss and gradient are right for products from −200 to 200", arguments: KernelLevel.available)
    func largeProducts(level: KernelLevel) throws {
        try withKernel(Shape(dimension: 1, inputs: 1, outputs: 1, level: level)) { kernel, goals in
            let input = try SharedRows(count: 1, dimension: 1)
            let output = try SharedRows(count: 1, dimension: 1)
            kernel.inputs[0] = input.row(0)
            kernel.inputCounts[0] = .init(first: 1)
            for target in [-1, 1] as [Float] {
                goals.clear()
                goals.nextOutputs[0] = output.row(0)
                goals.nextWeights(centre: 0)[0] = target
                goals.addBlock(outputs: 1, centres: 1)
                for product in stride(from: -200.0, through: 200, by: 0.37) {
                    input.row(0)[0] = 1
                    output.row(0)[0] = Float(product)
                    let loss = kernel.step(goals: goals, learningRate: 0.5)
                    var (scalarInput, scalarOutput) = ([[1.0]], [[Double(Float(product))]])
                    let expected = ScalarWord2Vec.step(
                        inputs: &scalarInput,
                        outputs: &scalarOutput,
                        targets: [[Double(target)]],
                        learningRate: 0.5
                    )
                    #expect(abs(loss - expected) < 1e-6 * max(1, expected))
                    #expect(abs(Double(output.row(0)[0]) - scalarOutput[0][0]) < 1e-6 * max(1, abs(product)))
                }
            }
        }
    }

    @Test("Numbers that have grown without bound stay visible: they do not trap, and become NaN or infinite")
    func divergence() throws {
        let shape = Shape(dimension: 5, inputs: 2, outputs: 2, level: kernel_level())
        try withKernel(shape) { kernel, goals in
            for value in [Float.infinity, .nan, .greatestFiniteMagnitude] {
                let rows = try Rows(shape, seed: 1, size: 0.5)
                for column in 0..<5 { rows.inputs.row(0)[column] = value }
                rows.fill(kernel, &goals)
                _ = kernel.step(goals: goals, learningRate: 10)
                _ = kernel.step(goals: goals, learningRate: 10)
                #expect(!rows.outputs.row(0)[0].isFinite)
            }
        }
    }
}
