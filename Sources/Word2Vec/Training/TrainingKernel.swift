/// The inner loop of training, in one place so that it can be replaced: one step of stochastic gradient descent on a
/// window, m input rows against k output rows.
///
/// The caller puts the rows into ``inputs`` and ``outputs``, what each output shall be into ``targets``, and calls
/// ``step(inputs:outputs:learningRate:)`` or ``stepOnMean(inputs:outputs:learningRate:)``. All settings of the trainer
/// come down to these two. (Batching a window: Ji et al. 2016, arXiv:1604.04661.)
///
/// Rows are those of ``SharedRows``: aligned, and padded with zeros, which a step keeps zero. All gradients of a step
/// are taken from the rows as they were before it. An input may be listed twice; an output may not, or one of its
/// updates is lost: give it a larger weight instead.
package final class TrainingKernel {
    private typealias Lanes = SIMD4<Float>

    /// The rows that predict.
    package let inputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    /// The rows that are predicted, or not.
    package let outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    /// For each output its weight, w where it is the right answer (label 1), −w where it is noise (label 0).
    package let targets: UnsafeMutablePointer<Float>

    /// Groups of four that hold the numbers of a row that count.
    private let columns: Int
    private let maximumInputs: Int
    /// Dot products, then gradients: for each output, all inputs, padded to a multiple of 4.
    private let dots: UnsafeMutablePointer<Float>
    /// The gradients once more, each in four lanes, in the order in which the update wants them.
    private let gradients: UnsafeMutablePointer<Lanes>
    /// For each input, what one column group gains.
    private let gains: UnsafeMutablePointer<Lanes>
    /// An output that fills up the last group of three.
    private let noOutput: UnsafeMutablePointer<Lanes>
    /// The mean of the inputs, and what it was before the step.
    private let mean: UnsafeMutablePointer<Lanes>
    private let meanBefore: UnsafeMutablePointer<Lanes>

    /// Outputs that the loops go through together; with two inputs they keep 16 vector registers busy.
    private static let group = 3

    package init(dimension: Int, maximumInputs: Int, maximumOutputs: Int) {
        let outputRoom = (maximumOutputs + Self.group - 1) / Self.group * Self.group
        let inputRoom = (maximumInputs + 3) / 4 * 4
        columns = (dimension + 3) / 4
        self.maximumInputs = maximumInputs
        inputs = .allocate(capacity: maximumInputs)
        outputs = .allocate(capacity: outputRoom)
        targets = .allocate(capacity: outputRoom)
        dots = UnsafeMutableRawPointer(UnsafeMutablePointer<Lanes>.allocate(capacity: inputRoom / 4 * outputRoom))
            .bindMemory(to: Float.self, capacity: inputRoom * outputRoom)
        gradients = .allocate(capacity: inputRoom * outputRoom)
        gains = .allocate(capacity: inputRoom)
        noOutput = .allocate(capacity: columns)
        mean = .allocate(capacity: columns)
        meanBefore = .allocate(capacity: columns)
        dots.initialize(repeating: 0, count: inputRoom * outputRoom)
        noOutput.initialize(repeating: .zero, count: columns)
        mean.initialize(repeating: .zero, count: columns)
    }

    deinit {
        inputs.deallocate()
        outputs.deallocate()
        targets.deallocate()
        dots.deallocate()
        gradients.deallocate()
        gains.deallocate()
        noOutput.deallocate()
        mean.deallocate()
        meanBefore.deallocate()
    }

    /// One step in which every input row predicts the outputs by itself (skip-gram).
    ///
    /// With p = σ(input · output), input and output gain learningRate · w · (label − p) times each other.
    ///
    /// - Returns: the loss before the step, Σ −w · ln p over right answers and Σ −w · ln(1 − p) over noise, summed over
    ///   all pairs of an input and an output.
    package func step(inputs inputCount: Int, outputs outputCount: Int, learningRate: Float) -> Double {
        var padded = outputCount
        while !padded.isMultiple(of: Self.group) {
            outputs[padded] = UnsafeMutableRawPointer(noOutput).assumingMemoryBound(to: Float.self)
            padded += 1
        }
        for output in Swift.stride(from: 0, to: padded, by: Self.group) {
            multiply(inputs: inputCount, output: output)
        }
        let loss = differentiate(
            inputs: inputCount,
            outputs: outputCount,
            padded: padded,
            learningRate: learningRate
        )
        update(inputs: inputCount, outputs: padded)
        return loss
    }

    /// One step in which the mean of the input rows predicts the outputs (CBOW); each input gains all that the mean
    /// should, undivided, as in word2vec. Returns the loss, as ``step(inputs:outputs:learningRate:)`` does.
    package func stepOnMean(inputs inputCount: Int, outputs outputCount: Int, learningRate: Float) -> Double {
        let scale = Lanes(repeating: 1 / Float(inputCount))
        for column in 0..<columns {
            var sum = lanes(inputs[0])[column]
            for input in 1..<max(1, inputCount) { sum = sum + lanes(inputs[input])[column] }
            mean[column] = sum * scale
            meanBefore[column] = mean[column]
        }
        let first = inputs[0]
        inputs[0] = UnsafeMutableRawPointer(mean).assumingMemoryBound(to: Float.self)
        let loss = step(inputs: 1, outputs: outputCount, learningRate: learningRate)
        inputs[0] = first
        for column in 0..<columns { mean[column] = mean[column] - meanBefore[column] }
        for input in 0..<inputCount {
            let row = lanes(inputs[input])
            for column in 0..<columns { row[column] = row[column] + mean[column] }
        }
        return loss
    }

    @inline(__always)
    private func lanes(_ row: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Lanes> {
        // Rows are aligned and padded for this. The memory is only ever read as numbers.
        UnsafeMutableRawPointer(row).assumingMemoryBound(to: Lanes.self)
    }

    /// The room that each output's dot products take.
    @inline(__always)
    private func dotStride(_ inputCount: Int) -> Int { (inputCount + 3) & ~3 }

    /// The dot products of all inputs with three outputs.
    @inline(__always)
    private func multiply(inputs inputCount: Int, output: Int) {
        let stride = dotStride(inputCount)
        let dots = dots + output * stride
        let (b0, b1, b2) = (lanes(outputs[output]), lanes(outputs[output + 1]), lanes(outputs[output + 2]))
        var input = 0
        while input + 1 < inputCount {
            let (a0, a1) = (lanes(inputs[input]), lanes(inputs[input + 1]))
            var (s00, s01, s02) = (Lanes.zero, Lanes.zero, Lanes.zero)
            var (s10, s11, s12) = (Lanes.zero, Lanes.zero, Lanes.zero)
            for column in 0..<columns {
                let (x0, x1) = (a0[column], a1[column])
                let (y0, y1, y2) = (b0[column], b1[column], b2[column])
                s00 = s00 + x0 * y0
                s01 = s01 + x0 * y1
                s02 = s02 + x0 * y2
                s10 = s10 + x1 * y0
                s11 = s11 + x1 * y1
                s12 = s12 + x1 * y2
            }
            dots[input] = s00.sum()
            dots[input + stride] = s01.sum()
            dots[input + 2 * stride] = s02.sum()
            dots[input + 1] = s10.sum()
            dots[input + 1 + stride] = s11.sum()
            dots[input + 1 + 2 * stride] = s12.sum()
            input += 2
        }
        if input < inputCount {
            let a0 = lanes(inputs[input])
            var (s0, s1, s2) = (Lanes.zero, Lanes.zero, Lanes.zero)
            for column in 0..<columns {
                let x0 = a0[column]
                s0 = s0 + x0 * b0[column]
                s1 = s1 + x0 * b1[column]
                s2 = s2 + x0 * b2[column]
            }
            dots[input] = s0.sum()
            dots[input + stride] = s1.sum()
            dots[input + 2 * stride] = s2.sum()
        }
    }

    /// Turns dot products into gradients times the learning rate, and returns the loss.
    @inline(__always)
    private func differentiate(inputs inputCount: Int, outputs: Int, padded: Int, learningRate: Float) -> Double {
        let stride = dotStride(inputCount)
        let one = Lanes(repeating: 1)
        let lane = Lanes(0, 1, 2, 3)
        var loss = 0.0
        for output in 0..<outputs {
            let target = targets[output]
            let weight = target.magnitude
            let scale = Lanes(repeating: target * learningRate)
            let sign = Lanes(repeating: target < 0 ? -1 : 1)
            var outputLoss = Lanes.zero
            for first in Swift.stride(from: 0, to: inputCount, by: 4) {
                let place = UnsafeMutableRawPointer(dots + output * stride + first).assumingMemoryBound(to: Lanes.self)
                // The dot product as it should be: large and positive is right, for noise as for the right answer.
                let agreement = place.pointee * sign
                let isWrong = agreement .< Lanes.zero
                let magnitude = agreement.replacing(with: -agreement, where: isWrong)
                let e = exponential(ofMinus: magnitude)
                // σ(−agreement), the probability given to the wrong answer, from e = exp(−|agreement|).
                let inverse = one / (one + e)
                let wrong = (e * inverse).replacing(with: inverse, where: isWrong)
                place.pointee = wrong * scale
                // −ln σ(agreement)
                let pairLoss = logarithm(ofOnePlus: e) + Lanes.zero.replacing(with: magnitude, where: isWrong)
                let isPadding = lane .>= Lanes(repeating: Float(inputCount - first))
                outputLoss = outputLoss + pairLoss.replacing(with: Lanes.zero, where: isPadding)
            }
            loss += Double(weight * outputLoss.sum())
        }
        // In the order of use, each in four lanes.
        var next = gradients
        for output in Swift.stride(from: 0, to: padded, by: Self.group) {
            for input in 0..<inputCount {
                for member in output..<output + Self.group {
                    next.pointee = Lanes(repeating: member < outputs ? dots[member * stride + input] : 0)
                    next += 1
                }
            }
        }
        return loss
    }

    /// Adds to every input its gradients times the outputs and to every output its gradients times the inputs.
    @inline(__always)
    private func update(inputs inputCount: Int, outputs outputCount: Int) {
        for column in 0..<columns {
            for input in 0..<inputCount { gains[input] = .zero }
            var gradient = gradients
            for output in Swift.stride(from: 0, to: outputCount, by: Self.group) {
                let (b0, b1, b2) = (lanes(outputs[output]), lanes(outputs[output + 1]), lanes(outputs[output + 2]))
                let (y0, y1, y2) = (b0[column], b1[column], b2[column])
                var (new0, new1, new2) = (y0, y1, y2)
                for input in 0..<inputCount {
                    let x = lanes(inputs[input])[column]
                    let (g0, g1, g2) = (gradient[0], gradient[1], gradient[2])
                    gradient += Self.group
                    gains[input] = gains[input] + g0 * y0 + g1 * y1 + g2 * y2
                    new0 = new0 + g0 * x
                    new1 = new1 + g1 * x
                    new2 = new2 + g2 * x
                }
                b0[column] = new0
                b1[column] = new1
                b2[column] = new2
            }
            for input in 0..<inputCount {
                let a = lanes(inputs[input])
                a[column] = a[column] + gains[input]
            }
        }
    }

    /// exp(−x) for x ≥ 0, to about 3 · 10⁻⁷ of its value; below 2⁻¹²⁶ that number. NaN stays NaN.
    @inline(__always)
    private func exponential(ofMinus x: Lanes) -> Lanes {
        // 2ᵗ, with t split into a whole number, which goes into the exponent's bits, and a rest from −½ to ½.
        var t = x * Lanes(repeating: -1.442_695_041)
        t = t.replacing(with: Lanes(repeating: -126), where: t .< Lanes(repeating: -126))
        // Adding 1.5 · 2²³ rounds to a whole number and leaves it in the lowest bits.
        let rounder = Lanes(repeating: 0x1.8p23)
        let shifted = t + rounder
        let rest = t - (shifted - rounder)
        var power = Lanes(repeating: 1.339_086_37e-3)
        power = power * rest + Lanes(repeating: 9.676_031_92e-3)
        power = power * rest + Lanes(repeating: 5.550_357_11e-2)
        power = power * rest + Lanes(repeating: 0.240_221_075)
        power = power * rest + Lanes(repeating: 0.693_147_188)
        power = power * rest + Lanes(repeating: 1.000_000_08)
        let exponent = unsafeBitCast(shifted, to: SIMD4<UInt32>.self) &+ SIMD4(repeating: 127)
        return power * unsafeBitCast(exponent &<< SIMD4(repeating: 23), to: Lanes.self)
    }

    /// ln(1 + e) for e from 0 to 1, to about 3 · 10⁻⁷ of its value.
    @inline(__always)
    private func logarithm(ofOnePlus e: Lanes) -> Lanes {
        var sum = Lanes(repeating: -8.371_152_55e-3)
        sum = sum * e + Lanes(repeating: 4.349_389_98e-2)
        sum = sum * e + Lanes(repeating: -0.106_850_029)
        sum = sum * e + Lanes(repeating: 0.176_874_767)
        sum = sum * e + Lanes(repeating: -0.244_747_742)
        sum = sum * e + Lanes(repeating: 0.332_719_284)
        sum = sum * e + Lanes(repeating: -0.499_971_745)
        sum = sum * e + Lanes(repeating: 0.999_999_781)
        return sum * e
    }
}
