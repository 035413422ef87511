import Word2VecC

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The inner loop of training, in one place: one step of stochastic gradient descent on a window, m input rows against
/// k output rows, in the vector instructions of ``KernelLevel``.
///
/// The caller puts the rows into ``inputs`` and the outputs of one of the ``windows``, what each output shall be into
/// the window's targets, and calls ``step(inputs:window:learningRate:)`` or ``stepOnMean(inputs:window:learningRate:)``.
/// All settings of the trainer come down to these two. (Batching a window: Ji et al. 2016, arXiv:1604.04661.)
///
/// Rows are those of ``SharedRows``: aligned, and padded with zeros, which a step keeps zero. All gradients of a step
/// are taken from the rows as they were before it. An input may be listed twice; an output may not, or one of its
/// updates is lost: give it a larger weight instead.
package final class TrainingKernel {
    /// What is to be predicted.
    package struct Window {
        /// The rows that are predicted, or not.
        package let outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
        /// For each output its weight, w where it is the right answer (label 1), −w where it is noise (label 0).
        package let targets: UnsafeMutablePointer<Float>
        /// How many outputs there are.
        package var count = 0
    }

    /// The rows that predict.
    package let inputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    /// Windows that can be prepared before their turn, so that their rows are on the way.
    package var windows: [Window]

    private let stride: Int
    private let scratch: UnsafeMutablePointer<Float>
    private let level: KernelLevel

    package init(
        dimension: Int,
        maximumInputs: Int,
        maximumOutputs: Int,
        windows: Int = 1,
        level: KernelLevel = .chosen
    ) {
        let room = Int(WORD2VEC_KERNEL_ROOM)
        self.level = level
        stride = SharedRows.stride(dimension)
        inputs = .allocate(capacity: maximumInputs + room)
        self.windows = (0..<windows).map { _ in
            Window(
                outputs: .allocate(capacity: maximumOutputs + room),
                targets: .allocate(capacity: maximumOutputs + room)
            )
        }
        let size = word2vec_scratch_size(Int32(maximumInputs), Int32(maximumOutputs), Int32(stride))
        scratch = UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
            .initializeMemory(as: Float.self, repeating: 0, count: size)
    }

    deinit {
        inputs.deallocate()
        for window in windows {
            window.outputs.deallocate()
            window.targets.deallocate()
        }
        scratch.deallocate()
    }

    /// One step in which every input row predicts the outputs by itself (skip-gram).
    ///
    /// With p = σ(input · output), input and output gain learningRate · w · (label − p) times each other.
    ///
    /// - Returns: the loss before the step, Σ −w · ln p over right answers and Σ −w · ln(1 − p) over noise, summed over
    ///   all pairs of an input and an output.
    @inline(__always)
    package func step(inputs count: Int, window: Int, learningRate: Float) -> Double {
        var window = native(count, windows[window], learningRate)
        return word2vec_step(&window, level.native)
    }

    /// One step in which the mean of the input rows predicts the outputs (CBOW); each input gains all that the mean
    /// should, undivided, as in word2vec. Returns the loss, as ``step(inputs:window:learningRate:)`` does.
    @inline(__always)
    package func stepOnMean(inputs count: Int, window: Int, learningRate: Float) -> Double {
        var window = native(count, windows[window], learningRate)
        return word2vec_step_on_mean(&window, level.native)
    }

    /// Asks for a row to be brought near the processor.
    @inline(__always)
    package func prefetch(_ row: UnsafeMutablePointer<Float>) {
        word2vec_prefetch(row, Int32(truncatingIfNeeded: stride))
    }

    private func native(_ inputCount: Int, _ window: Window, _ learningRate: Float) -> Word2VecWindow {
        // C knows pointers that may be null only; theirs are laid out alike.
        func nullable(
            _ rows: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
        ) -> UnsafeMutablePointer<UnsafeMutablePointer<Float>?> {
            UnsafeMutableRawPointer(rows).assumingMemoryBound(to: UnsafeMutablePointer<Float>?.self)
        }
        return Word2VecWindow(
            inputs: nullable(inputs),
            input_count: Int32(truncatingIfNeeded: inputCount),
            outputs: nullable(window.outputs),
            output_count: Int32(truncatingIfNeeded: window.count),
            targets: window.targets,
            learning_rate: learningRate,
            stride: Int32(truncatingIfNeeded: stride),
            scratch: scratch
        )
    }
}

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
