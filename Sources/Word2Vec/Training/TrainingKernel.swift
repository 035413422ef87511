package import VectorsC
import Word2VecC

/// The inner loop of training, in one place: one step of stochastic gradient descent, inputs against outputs, in the
/// vector instructions of a level, which must be one that the processor has.
///
/// A step is made of blocks. A block serves one centre, or two neighbours whose windows overlap: they have most inputs in
/// common and share their noise, so that each row is fetched, multiplied and written once for both. The caller fills
/// ``Goals`` block by block and lists the rows of the windows in ``inputs``, in the order of ``InputCounts``. All
/// settings of the trainer come down to ``step(goals:learningRate:)`` and ``stepOnMeans(goals:learningRate:)``. (Batching
/// a window: Ji et al. 2016, arXiv:1604.04661.)
///
/// Rows are those of ``SharedRows``: aligned, and padded with zeros, which a step keeps zero. All predictions of a step
/// are made from the rows as they were before it: several blocks in a step need not wait for each other's long way from
/// products to gradients. A row that stands in two blocks, or twice among the inputs of one, is changed twice. An output
/// may stand in a block only once, or one of its updates is lost: give it a larger weight instead.
package final class TrainingKernel {
    /// What the blocks of a step predict. Reused for step after step.
    package struct Goals {
        /// A block's size.
        package struct Block {
            /// The number of outputs.
            package var outputs: Int
            /// The number of centres: 1 or 2.
            package var centres: Int
        }

        /// The blocks that have been added.
        package let blocks: UnsafeMutablePointer<Block>
        /// How many they are.
        package private(set) var blockCount = 0
        /// The outputs of all blocks that have been added.
        package private(set) var outputCount = 0
        fileprivate let outputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
        fileprivate let weights: UnsafeMutablePointer<Float>
        fileprivate var weightCount = 0
        private let secondWeights: UnsafeMutablePointer<Float>
        private let padding: Int

        /// - Parameters:
        ///   - maximumOutputs: of a block.
        ///   - onMeans: whether the goals are for ``stepOnMeans(goals:learningRate:)``.
        package init(maximumBlocks: Int, maximumOutputs: Int, onMeans: Bool) {
            // Where inputs predict by themselves the kernel looks at weights in groups.
            padding = onMeans ? 1 : groupSize
            let size = roundedUp(maximumOutputs, groupSize)
            blocks = .allocate(capacity: maximumBlocks)
            outputs = .allocate(capacity: maximumBlocks * maximumOutputs)
            weights = .allocate(capacity: 2 * maximumBlocks * size)
            secondWeights = .allocate(capacity: size)
        }

        package func deallocate() {
            blocks.deallocate()
            outputs.deallocate()
            weights.deallocate()
            secondWeights.deallocate()
        }

        /// Takes all blocks away.
        @inline(__always)
        package mutating func clear() { (blockCount, outputCount, weightCount) = (0, 0, 0) }

        /// The rows that are predicted, or not, in the block that is to be added next.
        @inline(__always)
        package var nextOutputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>> { outputs + outputCount }

        /// For each output of the block that is to be added next its weight for the first or second of the block's
        /// centres: w where it is the right answer (label 1), −w where it is noise (label 0), 0 where it is neither.
        @inline(__always)
        package func nextWeights(centre: Int) -> UnsafeMutablePointer<Float> {
            centre == 0 ? weights + weightCount : secondWeights
        }

        /// Adds a block, whose outputs and weights have been put into their places.
        @inline(__always)
        package mutating func addBlock(outputs count: Int, centres: Int) {
            blocks[blockCount] = Block(outputs: count, centres: centres)
            blockCount &+= 1
            outputCount &+= count
            let end = roundedUp(count, padding)
            let first = weights + weightCount
            for place in count..<end { first[place] = 0 }
            if centres == 2 {
                for place in 0..<end { first[end &+ place] = place < count ? secondWeights[place] : 0 }
            }
            weightCount &+= centres &* end
        }
    }

    /// How many inputs of a block are in whose window; they stand in this order.
    package struct InputCounts {
        /// In the window of the first centre alone.
        package var first: Int
        /// In both windows.
        package var both: Int
        /// In the window of the second centre alone.
        package var second: Int

        package init(first: Int, both: Int = 0, second: Int = 0) {
            self.first = first
            self.both = both
            self.second = second
        }

        package var total: Int { first &+ both &+ second }
    }

    /// The rows that predict, block after block.
    package let inputs: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    /// For each block of a step, whose windows its inputs are in. With means, every centre must have an input.
    package let inputCounts: UnsafeMutablePointer<InputCounts>

    private let stride: Int
    private let blocks: UnsafeMutablePointer<Word2VecBlock>
    private let weights: UnsafeMutablePointer<Group>
    private let scratch: UnsafeMutablePointer<Float>
    private let level: KernelLevel

    /// The weights of a group of outputs.
    private typealias Group = SIMD8<Float>

    /// - Parameters:
    ///   - maximumInputs: of a block.
    ///   - maximumOutputs: of a block.
    package init(
        dimension: Int,
        maximumBlocks: Int = 1,
        maximumInputs: Int,
        maximumOutputs: Int,
        level: KernelLevel = kernel_level()
    ) {
        self.level = level
        stride = SharedRows.stride(dimension)
        inputs = .allocate(capacity: maximumBlocks * maximumInputs)
        inputCounts = .allocate(capacity: maximumBlocks)
        blocks = .allocate(capacity: maximumBlocks)
        // Of inputs by themselves, for each of them; of means, two a block and what pads the end.
        let count =
            maximumBlocks * roundedUp(maximumOutputs, groupSize) / groupSize * roundedUp(max(2, maximumInputs), 2) + 2
        weights = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Group>.size, alignment: 64)
            .initializeMemory(as: Group.self, repeating: .zero, count: count)
        let size = word2vec_scratch_size(
            Int32(maximumBlocks),
            Int32(max(2, maximumInputs)),
            Int32(maximumOutputs),
            Int32(stride)
        )
        scratch = UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
            .initializeMemory(as: Float.self, repeating: 0, count: size)
    }

    deinit {
        inputs.deallocate()
        inputCounts.deallocate()
        blocks.deallocate()
        weights.deallocate()
        scratch.deallocate()
    }

    /// One step in which every input row predicts the outputs of its block by itself (skip-gram).
    ///
    /// With p = σ(input · output), input and output gain learningRate · w · (label − p) times each other, where w is
    /// the sum over the centres whose window the input is in.
    ///
    /// - Parameter inTurn: whether an input gains from the outputs as the inputs before it in its block have changed them,
    ///   not as they were before the step.
    /// - Returns: the loss before the step, Σ −w · ln p over right answers and Σ −w · ln(1 − p) over noise, summed over
    ///   all pairs of an input and an output. What is right for one centre must not be noise for the other.
    @inline(__always)
    package func step(goals: Goals, learningRate: Float, inTurn: Bool = false) -> Double {
        var place = weights
        var known = UnsafeRawPointer(goals.weights)
        for block in 0..<goals.blockCount {
            let (counts, goal) = (inputCounts[block], goals.blocks[block])
            let bytes = roundedUp(goal.outputs, groupSize) &* MemoryLayout<Float>.size
            for offset in Swift.stride(from: 0, to: bytes, by: MemoryLayout<Group>.size) {
                let first = known.loadUnaligned(fromByteOffset: offset, as: Group.self)
                let second =
                    goal.centres == 2 ? known.loadUnaligned(fromByteOffset: bytes &+ offset, as: Group.self) : .zero
                for _ in 0..<counts.first { place.pointee = first; place += 1 }
                let both = first + second
                for _ in 0..<counts.both { place.pointee = both; place += 1 }
                for _ in 0..<counts.second { place.pointee = second; place += 1 }
                if !counts.total.isMultiple(of: 2) { place.pointee = .zero; place += 1 }
            }
            known += goal.centres &* bytes
        }
        var step = native(goals, learningRate)
        step.is_in_turn = inTurn ? 1 : 0
        return word2vec_step(&step, level)
    }

    /// One step in which the mean of each centre's inputs predicts its outputs (CBOW); each input gains all that its
    /// means should, undivided, as in word2vec. Returns the loss, as ``step(goals:learningRate:)`` does.
    @inline(__always)
    package func stepOnMeans(goals: Goals, learningRate: Float) -> Double {
        // Two groups of zeros behind the last weight pad them to a multiple of 16.
        let place = UnsafeMutableRawPointer(weights).assumingMemoryBound(to: Float.self)
        let count = goals.weightCount
        place.update(from: goals.weights, count: count)
        for padding in 0..<(roundedUp(count, 16) &- count) { place[count &+ padding] = 0 }
        var step = native(goals, learningRate)
        return word2vec_step_on_means(&step, level)
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
    private func native(_ goals: Goals, _ learningRate: Float) -> Word2VecStep {
        for block in 0..<goals.blockCount {
            let counts = inputCounts[block]
            blocks[block] = Word2VecBlock(
                own: Int32(truncatingIfNeeded: counts.first),
                shared: Int32(truncatingIfNeeded: counts.both),
                other: Int32(truncatingIfNeeded: counts.second),
                output_count: Int32(truncatingIfNeeded: goals.blocks[block].outputs)
            )
        }
        // C knows pointers that may be null only; theirs are laid out alike.
        func nullable(
            _ rows: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
        ) -> UnsafePointer<UnsafeMutablePointer<Float>?> {
            UnsafeRawPointer(rows).assumingMemoryBound(to: UnsafeMutablePointer<Float>?.self)
        }
        return Word2VecStep(
            blocks: blocks,
            block_count: Int32(truncatingIfNeeded: goals.blockCount),
            inputs: nullable(inputs),
            outputs: nullable(goals.outputs),
            weights: UnsafeRawPointer(weights).assumingMemoryBound(to: Float.self),
            learning_rate: learningRate,
            stride: Int32(truncatingIfNeeded: stride),
            scratch: scratch,
            is_in_turn: 0
        )
    }
}

/// The outputs whose weights the kernel looks at together.
private var groupSize: Int { 8 }

/// A number rounded up to a multiple of another, a power of two.
@inline(__always)
private func roundedUp(_ number: Int, _ multiple: Int) -> Int { (number &+ multiple &- 1) & ~(multiple &- 1) }
