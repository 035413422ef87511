import Foundation
import SentenceEmbeddingsC
import TestSupport
import Testing
import Vectors
import VectorsC

/// The kernels against plain loops in double precision, at sizes that no model has.
@Suite("Encoder kernels")
struct EncoderKernelTests {
    private func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in random.nextGaussian() }
    }

    private func activation(_ kind: EncoderActivation, _ x: Double) -> Double {
        switch kind {
        case ENCODER_GELU: 0.5 * x * erfc(-x / 2.0.squareRoot())
        case ENCODER_GELU_TANH: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case ENCODER_RELU: max(x, 0)
        case ENCODER_SILU: x / (1 + exp(-x))
        case ENCODER_TANH: tanh(x)
        default: x
        }
    }

    /// Runs a panel of weights that hands its input on, so that what comes out is the activation alone.
    private func activated(_ x: [Float], _ kind: EncoderActivation, _ level: KernelLevel) -> [Float] {
        let width = encoder_panel_width(level)
        var weights = [Float](repeating: 0, count: width)
        weights[0] = 1
        var panel = [Float](repeating: 0, count: width)
        encoder_pack(weights, width, 1, 1, &panel, level)
        let bias = [Float](repeating: 0, count: width)
        var y = [Float](repeating: 0, count: x.count * width)
        panel.withUnsafeBufferPointer { panel in
            bias.withUnsafeBufferPointer { bias in
                var linear = EncoderLinear(
                    panels: panel.baseAddress,
                    bias: bias.baseAddress,
                    inner: 1,
                    activation: kind,
                    is_gated: 0
                )
                encoder_multiply(&linear, x, x.count, 1, 0, 1, nil, 0, &y, width, level)
            }
        }
        return stride(from: 0, to: y.count, by: width).map { y[$0] }
    }

    @Test("Activations are exact to a few roundings", arguments: KernelLevel.available)
    func activations(level: KernelLevel) {
        let x = (-60_000...60_000).map { Float($0) / 5000 } + [-1e30, -200, -88, 88, 200, 1e30, 1e-30, -1e-30, 0]
        for kind in [ENCODER_GELU, ENCODER_GELU_TANH, ENCODER_RELU, ENCODER_SILU, ENCODER_TANH, ENCODER_IDENTITY] {
            var worst = 0.0
            for (x, y) in zip(x, activated(x, kind, level)) {
                let expected = activation(kind, Double(x))
                // To 1e-7, or half the distance of numbers in single precision where that is more.
                worst = max(worst, (abs(Double(y) - expected) - 2e-7 * abs(expected)) / 1e-7)
            }
            #expect(worst < 2, "\(kind)")
        }
    }

    @Test(
        "Products are right, and the same bits for every row wherever it stands",
        arguments: KernelLevel.available,
        [(1, 1), (5, 33), (48, 70), (600, 40), (1100, 31)]
    )
    func products(level: KernelLevel, size: (inputs: Int, outputs: Int)) {
        let width = encoder_panel_width(level)
        let panels = (size.outputs + width - 1) / width
        let weights = numbers(size.inputs * size.outputs, seed: 1)
        var packed = [Float](repeating: 0, count: panels * width * size.inputs)
        var bias = numbers(panels * width, seed: 2)
        for column in size.outputs..<panels * width { bias[column] = 0 }
        for panel in 0..<panels {
            let rows = min(width, size.outputs - panel * width)
            weights.withUnsafeBufferPointer { weights in
                packed.withUnsafeMutableBufferPointer { packed in
                    guard let from = weights.baseAddress, let to = packed.baseAddress else { return }
                    let start = panel * width * size.inputs
                    encoder_pack(from + start, rows, size.inputs, size.inputs, to + start, level)
                }
            }
        }
        let most = 45
        let x = numbers(most * size.inputs, seed: 3)
        let residual = numbers(most * panels * width, seed: 4)
        func multiplied(_ rows: Range<Int>) -> [Float] {
            var y = [Float](repeating: .nan, count: rows.count * panels * width)
            packed.withUnsafeBufferPointer { packed in
                bias.withUnsafeBufferPointer { bias in
                    var linear = EncoderLinear(
                        panels: packed.baseAddress,
                        bias: bias.baseAddress,
                        inner: size.inputs,
                        activation: ENCODER_GELU,
                        is_gated: 0
                    )
                    encoder_multiply(
                        &linear,
                        Array(x[rows.lowerBound * size.inputs..<rows.upperBound * size.inputs]),
                        rows.count,
                        size.inputs,
                        0,
                        panels,
                        Array(residual[rows.lowerBound * panels * width..<rows.upperBound * panels * width]),
                        panels * width,
                        &y,
                        panels * width,
                        level
                    )
                }
            }
            return y
        }
        let whole = multiplied(0..<most)
        var worst = 0.0
        for row in 0..<most {
            for output in 0..<size.outputs {
                var sum = Double(bias[output])
                for input in 0..<size.inputs {
                    sum += Double(x[row * size.inputs + input]) * Double(weights[output * size.inputs + input])
                }
                let place = row * panels * width + output
                let expected = activation(ENCODER_GELU, sum) + Double(residual[place])
                worst = max(worst, abs(Double(whole[place]) - expected))
            }
        }
        #expect(worst < 1e-6 * Double(size.inputs + 10))
        for rows in [0..<1, 3..<9, 20..<37, 44..<45] {
            #expect(
                multiplied(rows) == Array(whole[rows.lowerBound * panels * width..<rows.upperBound * panels * width])
            )
        }
    }

    @Test(
        "Attention is right with and without a window",
        arguments: KernelLevel.available,
        [(1, 8, 0), (40, 5, Int.max), (70, 48, 6), (130, 33, 64), (97, 64, Int.max)]
    )
    func attention(level: KernelLevel, size: (tokens: Int, head: Int, window: Int)) {
        let (tokens, head) = (size.tokens, size.head)
        let rows = (0..<3).map { numbers(tokens * head, seed: UInt64($0)) }
        let bias = numbers(2 * tokens - 1, seed: 9)
        var output = [Float](repeating: .nan, count: tokens * head)
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: encoder_attention_scratch(tokens, head))
        defer { scratch.deallocate() }
        let scale = 1 / Float(head).squareRoot()
        rows[0].withUnsafeBufferPointer { queries in
            rows[1].withUnsafeBufferPointer { keys in
                rows[2].withUnsafeBufferPointer { values in
                    bias.withUnsafeBufferPointer { bias in
                        output.withUnsafeMutableBufferPointer { output in
                            guard let middle = bias.baseAddress else { return }
                            var attention = EncoderAttention(
                                queries: queries.baseAddress,
                                keys: keys.baseAddress,
                                values: values.baseAddress,
                                stride: head,
                                tokens: tokens,
                                head_size: head,
                                scale: scale,
                                bias: middle + tokens - 1,
                                window: size.window,
                                output: output.baseAddress,
                                output_stride: head,
                                scratch: scratch
                            )
                            encoder_attend(&attention, level)
                        }
                    }
                }
            }
        }
        for query in 0..<tokens {
            var weights = [Double](repeating: 0, count: tokens)
            for key in 0..<tokens where abs(key - query) <= size.window {
                var score = 0.0
                for k in 0..<head { score += Double(rows[0][query * head + k]) * Double(rows[1][key * head + k]) }
                weights[key] = exp(score * Double(scale) + Double(bias[tokens - 1 + key - query]))
            }
            let total = weights.reduce(0, +)
            for column in 0..<head {
                var sum = 0.0
                for key in 0..<tokens { sum += weights[key] * Double(rows[2][key * head + column]) }
                #expect(abs(Double(output[query * head + column]) - sum / total) < 3e-6)
            }
        }
    }

    /// 8-bit products of the same numbers at a level: the sums as whole numbers, before scales.
    private func quantizedSums(_ x: [Float], _ weights: [Float], inputs: Int, _ level: KernelLevel) -> [[Float]] {
        let width = encoder_panel_width(level)
        let outputs = weights.count / inputs
        let rows = x.count / inputs
        let groups = (inputs + encoder_group_size(level) - 1) / encoder_group_size(level)
        var values = [Int32](repeating: 0, count: rows * groups)
        var scales = [Float](repeating: 0, count: rows)
        var zeros = [Int32](repeating: 0, count: rows)
        encoder_quantize(x, rows, inputs, inputs, nil, nil, groups, &values, &scales, &zeros, level)
        let panels = (outputs + width - 1) / width
        let padded = weights + [Float](repeating: 0, count: (panels * width - outputs) * inputs)
        var packed = [Int32](repeating: 0, count: panels * width * groups)
        var weightScales = [Float](repeating: 0, count: panels * width)
        var sums = [Int32](repeating: 0, count: panels * width)
        for panel in 0..<panels {
            var part = [Int32](repeating: 0, count: width * groups)
            var partScales = [Float](repeating: 0, count: width)
            var partSums = [Int32](repeating: 0, count: width)
            let own = Array(padded[panel * width * inputs..<(panel + 1) * width * inputs])
            encoder_pack_quantized(own, inputs, groups, &part, &partScales, &partSums, level)
            packed.replaceSubrange(panel * width * groups..<(panel + 1) * width * groups, with: part)
            weightScales.replaceSubrange(panel * width..<(panel + 1) * width, with: partScales)
            sums.replaceSubrange(panel * width..<(panel + 1) * width, with: partSums)
        }
        // Scales of 1 leave the whole numbers, which are below 2^24.
        let ones = [Float](repeating: 1, count: max(rows, panels * width))
        let bias = [Float](repeating: 0, count: panels * width)
        var y = [Float](repeating: 0, count: rows * panels * width)
        packed.withUnsafeBufferPointer { packed in
            ones.withUnsafeBufferPointer { ones in
                sums.withUnsafeBufferPointer { sums in
                    bias.withUnsafeBufferPointer { bias in
                        var linear = EncoderQuantizedLinear(
                            panels: packed.baseAddress,
                            scales: ones.baseAddress,
                            sums: sums.baseAddress,
                            bias: bias.baseAddress,
                            groups: groups,
                            activation: ENCODER_IDENTITY,
                            is_gated: 0
                        )
                        encoder_multiply_quantized(
                            &linear,
                            values,
                            Array(ones.prefix(rows)),
                            zeros,
                            rows,
                            0,
                            panels,
                            nil,
                            0,
                            &y,
                            panels * width,
                            level
                        )
                    }
                }
            }
        }
        return (0..<rows).map { row in Array(y[row * panels * width..<row * panels * width + outputs]) }
            + [scales, Array(weightScales.prefix(outputs))]
    }

    @Test("8-bit products are the same whole numbers at every level", arguments: [1, 7, 64, 401])
    func quantized(inputs: Int) throws {
        let x = numbers(17 * inputs, seed: 5) + [Float](repeating: 0, count: inputs)
        let weights = numbers(37 * inputs, seed: 6)
        let results = KernelLevel.available.map { quantizedSums(x, weights, inputs: inputs, $0) }
        for result in results { #expect(result == results[0]) }
        for row in 0..<18 {
            for output in 0..<37 {
                var exact = 0.0
                for k in 0..<inputs { exact += Double(x[row * inputs + k]) * Double(weights[output * inputs + k]) }
                let found = results[0][row][output] * results[0][18][row] * results[0][19][output]
                #expect(abs(Double(found) - exact) < 0.05 * Double(inputs).squareRoot() + 0.05)
            }
        }
    }
}
