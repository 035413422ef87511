import Word2VecC

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The inner loop of training, in one place: one step of stochastic gradient descent, m input rows against k output
/// rows, in the vector instructions of ``KernelLevel``.
///
/// A step serves one centre, or two neighbours whose windows overlap: they have most inputs in common and share their
/// noise, so that each row is fetched, multiplied and written once for both. The caller puts the rows of the windows into
/// ``inputs``, in the order of ``InputCounts``, and fills ``Goals``. All settings of the trainer come down to
/// ``step(inputs:goals:learningRate:)`` and ``stepOnMeans(inputs:goals:learningRate:)``. (Batching a window: Ji et al.
/// 2016, arXiv:1604.04661.)
///
/// Rows are those of ``SharedRows``: aligned, and padded with zeros, which a step keeps zero. All gradients of a step
/// are taken from the rows as they were before it. An input may be listed twice and gains twice; what outputs gain by
/// its second listing may be reckoned with what it has gained by the first. An output may not be listed twice, or one of
/// its updates is lost: give it a larger weight instead.
package final class TrainingKernel {
    /// What one or two centres predict. Reused for centre after centre.
    package struct Goals {
        /// The rows that are predicted, or not.
        package let outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
        /// How many outputs there are.
        package var count = 0
        /// How many centres: 1 or 2.
        package var centres = 1

        fileprivate let weights: UnsafeMutablePointer<Group>
        fileprivate let maximumGroups: Int

        package init(maximumOutputs: Int) {
            maximumGroups = groups(maximumOutputs)
            outputs = .allocate(capacity: maximumOutputs)
            weights = .allocate(capacity: 2 * maximumGroups)
            weights.initialize(repeating: .zero, count: 2 * maximumGroups)
        }

        package func deallocate() {
            outputs.deallocate()
            weights.deallocate()
        }

        /// For each output its weight for centre 0 or 1: w where it is the right answer (label 1), −w where it is noise
        /// (label 0), 0 where it is neither.
        @inline(__always)
        package func weights(centre: Int) -> UnsafeMutablePointer<Float> {
            UnsafeMutableRawPointer(weights + centre &* maximumGroups).assumingMemoryBound(to: Float.self)
        }

        /// Starts anew: no outputs, all weights 0.
        @inline(__always)
        package mutating func clear(centres: Int) {
            for centre in 0..<centres {
                for group in 0..<groups(count) { weights[centre &* maximumGroups &+ group] = .zero }
            }
            count = 0
            self.centres = centres
        }
    }

    /// How many inputs are in whose window; they stand in this order.
    package struct InputCounts {
        /// In the window of centre 0 alone.
        package var first: Int
        /// In both windows.
        package var both: Int
        /// In the window of centre 1 alone.
        package var second: Int

        package init(first: Int, both: Int = 0, second: Int = 0) {
            self.first = first
            self.both = both
            self.second = second
        }

        package var total: Int { first &+ both &+ second }
    }

    /// The rows that predict.
    package let inputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>

    /// The weights of a group of outputs.
    fileprivate typealias Group = SIMD8<Float>

    private let stride: Int
    private let weights: UnsafeMutablePointer<Group>
    private let scratch: UnsafeMutablePointer<Float>
    private let level: Word2VecKernelLevel

    package init(dimension: Int, maximumInputs: Int, maximumOutputs: Int, level: KernelLevel = .chosen) {
        self.level = level.native
        stride = SharedRows.stride(dimension)
        inputs = .allocate(capacity: maximumInputs)
        let count = groups(maximumOutputs) * rows(max(2, maximumInputs))
        weights = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Group>.size, alignment: 64)
            .initializeMemory(as: Group.self, repeating: .zero, count: count)
        let size = word2vec_scratch_size(Int32(max(2, maximumInputs)), Int32(maximumOutputs), Int32(stride))
        scratch = UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
            .initializeMemory(as: Float.self, repeating: 0, count: size)
    }

    deinit {
        inputs.deallocate()
        weights.deallocate()
        scratch.deallocate()
    }

    /// One step in which every input row predicts the outputs by itself (skip-gram).
    ///
    /// With p = σ(input · output), input and output gain learningRate · w · (label − p) times each other, where w is
    /// the sum over the centres whose window the input is in.
    ///
    /// - Returns: the loss before the step, Σ −w · ln p over right answers and Σ −w · ln(1 − p) over noise, summed over
    ///   all pairs of an input and an output. What is right for one centre must not be noise for the other.
    @inline(__always)
    package func step(inputs: InputCounts, goals: Goals, learningRate: Float) -> Double {
        let count = inputs.total
        let rows = rows(count)
        for group in 0..<groups(goals.count) {
            let first = goals.weights[group]
            let second = goals.centres == 2 ? goals.weights[goals.maximumGroups &+ group] : .zero
            var place = weights + group &* rows
            for _ in 0..<inputs.first { place.pointee = first; place += 1 }
            let both = first + second
            for _ in 0..<inputs.both { place.pointee = both; place += 1 }
            for _ in 0..<inputs.second { place.pointee = second; place += 1 }
            if rows > count { place.pointee = .zero }
        }
        var step = native(count, goals, learningRate)
        return word2vec_step(&step, level)
    }

    /// One step in which the mean of each centre's inputs predicts its outputs (CBOW); each input gains all that its
    /// means should, undivided, as in word2vec. Returns the loss, as ``step(inputs:goals:learningRate:)`` does. Every
    /// centre must have an input.
    @inline(__always)
    package func stepOnMeans(inputs: InputCounts, goals: Goals, learningRate: Float) -> Double {
        for group in 0..<groups(goals.count) {
            weights[2 &* group] = goals.weights[group]
            weights[2 &* group &+ 1] = goals.centres == 2 ? goals.weights[goals.maximumGroups &+ group] : .zero
        }
        var step = native(inputs.total, goals, learningRate)
        return word2vec_step_on_means(
            &step,
            Int32(truncatingIfNeeded: inputs.first),
            Int32(truncatingIfNeeded: inputs.both),
            Int32(truncatingIfNeeded: inputs.second),
            level
        )
    }

    /// Asks for a row to be brought near the processor.
    @inline(__always)
    package func prefetch(_ row: UnsafeMutablePointer<Float>) {
        word2vec_prefetch(row, Int32(truncatingIfNeeded: stride))
    }

    /// Asks for memory that is only read to be brought near the processor.
    @inline(__always)
    package func prefetch(constant address: UnsafeRawPointer) { word2vec_prefetch_constant(address) }

    @inline(__always)
    private func native(_ inputCount: Int, _ goals: Goals, _ learningRate: Float) -> Word2VecStep {
        // C knows pointers that may be null only; theirs are laid out alike.
        func nullable(
            _ rows: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
        ) -> UnsafePointer<UnsafeMutablePointer<Float>?> {
            UnsafeRawPointer(rows).assumingMemoryBound(to: UnsafeMutablePointer<Float>?.self)
        }
        return Word2VecStep(
            inputs: nullable(inputs),
            input_count: Int32(truncatingIfNeeded: inputCount),
            outputs: nullable(goals.outputs),
            output_count: Int32(truncatingIfNeeded: goals.count),
            weights: UnsafeRawPointer(weights).assumingMemoryBound(to: Float.self),
            learning_rate: learningRate,
            stride: Int32(truncatingIfNeeded: stride),
            scratch: scratch
        )
    }
}

/// The groups that so many outputs fill.
@inline(__always)
private func groups(_ outputs: Int) -> Int { (outputs &+ 7) / 8 }

/// The inputs that the kernel reckons with for so many.
@inline(__always)
private func rows(_ inputs: Int) -> Int { (inputs &+ 1) & ~1 }

/// The vector instructions that the kernel uses.
package enum KernelLevel: Int, Sendable, CaseIterable, Comparable {
    /// SSE2 on x86-64, NEON on ARM.
    case baseline
    /// AVX2 with fused multiplication and addition.
    case avx2
    /// AVX-512.
    case avx512

    /// The widest level of this processor.
    package static let widest = KernelLevel(rawValue: Int(word2vec_widest_level().rawValue)) ?? .baseline

    /// The levels that run on this processor.
    package static var available: [KernelLevel] { allCases.filter { $0 <= widest } }

    /// The widest level, or a lower one that the environment variable `SWIFT_FAISS_SIMD` names, to compare them.
    package static let chosen: KernelLevel = {
        let name = getenv("SWIFT_FAISS_SIMD").map { String(cString: $0) }
        return min(allCases.first { "\($0)" == name } ?? widest, widest)
    }()

    package static func < (first: KernelLevel, second: KernelLevel) -> Bool { first.rawValue < second.rawValue }

    fileprivate var native: Word2VecKernelLevel { Word2VecKernelLevel(rawValue: UInt32(rawValue)) }
}
