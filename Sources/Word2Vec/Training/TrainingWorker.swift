import Vectors

/// One thread's part of a training: takes passages, makes windows of them and hands these to the kernel.
struct TrainingWorker {
    private let session: TrainingSession
    private let kernel: TrainingKernel
    private let isSkipGram: Bool
    private let window: Int
    /// What is predicted, and what predicts, as this thread sees it.
    private var outputs: HotRows
    private var inputs: HotRows
    private let subsampling: Subsampling.Thresholds
    private let objective: Objective
    private var untilMerge = 0
    /// The words of a sentence that subsampling has left, and which word of the passage each was.
    private var words: [UInt32] = []
    private var places: [UInt32] = []
    /// How many centres a block of a step serves.
    ///
    /// With negative sampling two neighbours share their noise: half the draws, and half the rows to fetch and to
    /// change, at the same quality (measured; with four, analogies suffer). In the tree their ways have little in
    /// common.
    private let centresPerBlock: Int
    /// Whether the inputs of a step gain in turn, each from what those before it have made of the outputs.
    ///
    /// That draws the words of a window nearer to each other. Without it hierarchical softmax learns less from many
    /// epochs over a small text (1 MB, 20 epochs: 25.5, with it 27.2, as with a step for each input); skip-gram with
    /// noise learns more (6 MB, 5 epochs: 23.1, with it 20.1, gensim 20.2). Means of the four tests of the benchmark.
    private let inTurn: Bool
    /// How many blocks a step has: a mean has so little to do that two blocks hide each other's waits; the windows' words
    /// by themselves are enough to keep the processor busy, and one block leaves more room in its nearest cache.
    private let blocksPerStep: Int
    /// How many centres a step serves.
    private let centresPerStep: Int
    /// Goals of the steps that are ready or under way, in turn.
    private let goals: UnsafeMutablePointer<TrainingKernel.Goals>
    private static let slots = 4
    /// How many steps ahead goals are chosen. Rows of weights are scattered over more memory than caches hold, so they
    /// are asked for before their turn.
    private static let lead = 1
    /// Random bits for the noise of the next step.
    private let bits: UnsafeMutablePointer<UInt64>
    private let dimension: Int
    private var random: RandomGenerator
    private var learningRate: Float

    // What has not been reported to the session yet.
    private var epoch = 0
    private var loss = 0.0
    private var predictions = 0
    private var wordsTold = 0
    /// Multiplications until the next report to the session: rare enough to cost nothing, often enough for a cancelled
    /// training to end soon.
    private var untilLook = Self.lookInterval
    private static let lookInterval = 1 << 20

    /// What an input is to predict, in tables that the session keeps.
    private enum Objective {
        case noise(AliasTable.Columns, negatives: Int)
        case tree(HuffmanTree.Ways)
    }

    private init(_ session: TrainingSession) throws(VectorError) {
        self.session = session
        let configuration = session.configuration
        isSkipGram = configuration.architecture == .skipGram
        blocksPerStep = isSkipGram ? 1 : 2
        window = configuration.window
        let maximumOutputs: Int
        switch session.objective {
        case .noise(let noise, let negatives):
            objective = .noise(noise.columns, negatives: negatives)
            (centresPerBlock, maximumOutputs, inTurn) = (2, 2 + negatives, false)
        case .tree(let tree):
            objective = .tree(tree.ways)
            (centresPerBlock, maximumOutputs, inTurn) = (1, tree.depth, true)
        }
        centresPerStep = centresPerBlock * blocksPerStep
        let hot = TrainingSession.hotRows(configuration)
        let isTree = configuration.loss == .hierarchicalSoftmax
        inputs = try HotRows(session.inputs, hotCount: min(hot, session.inputs.count), .firstIsHottest)
        outputs = try HotRows(
            session.outputs,
            hotCount: min(hot, session.outputs.count),
            isTree ? .lastIsHottest : .firstIsHottest
        )
        subsampling = session.subsampling.thresholds
        kernel = TrainingKernel(
            dimension: configuration.dimension,
            maximumBlocks: blocksPerStep,
            maximumInputs: window * 2 + centresPerBlock,
            maximumOutputs: maximumOutputs
        )
        dimension = configuration.dimension
        bits = .allocate(capacity: maximumOutputs)
        goals = .allocate(capacity: Self.slots)
        for slot in 0..<Self.slots {
            (goals + slot).initialize(
                to: .init(maximumBlocks: blocksPerStep, maximumOutputs: maximumOutputs, onMeans: !isSkipGram)
            )
        }
        random = RandomGenerator(seed: configuration.seed)
        learningRate = Float(session.learningRate)
    }

    /// Works until no passage is left or the work is cancelled. Calls `look` regularly.
    static func run(_ session: TrainingSession, look: (_ epoch: Int) -> Void) {
        do throws(VectorError) {
            var worker = try TrainingWorker(session)
            defer { worker.deallocate() }
            try worker.run(look: look)
        } catch {
            session.fail(error)
        }
    }

    private func deallocate() {
        for slot in 0..<Self.slots { goals[slot].deallocate() }
        goals.deallocate()
        bits.deallocate()
    }

    private mutating func run(look: (_ epoch: Int) -> Void) throws(VectorError) {
        while !session.cancellation.isCancelled, let piece = session.nextPiece() {
            epoch = piece.epoch
            random = RandomGenerator(seed: session.configuration.seed, piece.epoch + 1, piece.passage)
            // A piece depends on nothing that is not in the training's state, so that training can resume from it.
            untilLook = Self.lookInterval
            drawBits()
            try train(session.corpus.passage(piece.passage), look: look)
        }
        inputs.mergeAll()
        outputs.mergeAll()
    }

    private mutating func train(_ passage: [UInt32], look: (Int) -> Void) throws(VectorError) {
        wordsTold = 0
        var place: UInt32 = 0
        for word in passage {
            if word == EncodedCorpus.sentenceEnd {
                guard words.withUnsafeBufferPointer({ trainSentence($0, look: look) }) else { return }
                words.removeAll(keepingCapacity: true)
                places.removeAll(keepingCapacity: true)
            } else {
                if subsampling.keeps(Int(word), &random) {
                    words.append(word)
                    places.append(place)
                }
                place += 1
            }
        }
        tell(wordsDone: Int(place))
    }

    /// Trains on the words of a sentence; false if the work was cancelled.
    private mutating func trainSentence(_ words: UnsafeBufferPointer<UInt32>, look: (Int) -> Void) -> Bool {
        guard words.count > 1 else { return true }
        let ahead = Self.lead &* centresPerStep
        for centre in stride(from: 0, to: min(ahead, words.count), by: centresPerStep) { choose(words, centre) }
        for place in 0..<min(window + ahead, words.count) { prefetchInput(words, place) }
        for centre in stride(from: 0, to: words.count, by: centresPerStep) {
            untilMerge &-= centresPerStep
            if untilMerge < 0 {
                untilMerge = HotRows.mergeInterval
                inputs.merge()
                outputs.merge()
            }
            if centre &+ ahead < words.count { choose(words, centre &+ ahead) }
            for place in 0..<centresPerStep { prefetchInput(words, centre &+ ahead &+ window &+ place) }

            let goals = goals[slot(centre)]
            var inputCount = 0
            for block in 0..<goals.blockCount {
                let first = centre &+ block &* centresPerBlock
                let counts = takeInputs(words, first, goals.blocks[block].centres, after: inputCount)
                kernel.inputCounts[block] = counts
                inputCount &+= counts.total
                if isSkipGram { predictions += counts.first &+ 2 &* counts.both &+ counts.second }
            }
            if isSkipGram {
                loss += kernel.step(goals: goals, learningRate: learningRate, inTurn: inTurn)
            } else {
                loss += kernel.stepOnMeans(goals: goals, learningRate: learningRate)
                predictions += min(centresPerStep, words.count &- centre)
            }
            untilLook -= inputCount &* goals.outputCount / goals.blockCount &* dimension
            if untilLook < 0 {
                untilLook = Self.lookInterval
                tell(wordsDone: Int(places[centre]))
                look(epoch)
                if session.cancellation.isCancelled { return false }
            }
        }
        return true
    }

    /// The place of the goals of a centre.
    @inline(__always)
    private func slot(_ centre: Int) -> Int { centre / centresPerStep % Self.slots }

    @inline(__always)
    private func prefetchInput(_ words: UnsafeBufferPointer<UInt32>, _ place: Int) {
        if place < words.count { kernel.prefetch(inputs.row(Int(words[place]))) }
    }

    /// Draws the widths of the windows of the one or two centres of a block, and lists the rows in them behind those of
    /// the blocks before.
    @inline(__always)
    private mutating func takeInputs(
        _ words: UnsafeBufferPointer<UInt32>,
        _ centre: Int,
        _ centres: Int,
        after inputCount: Int
    ) -> TrainingKernel.InputCounts {
        var count = inputCount
        func take(_ places: Range<Int>) -> Int {
            let before = count
            for place in places {
                kernel.inputs[count] = inputs.row(Int(words[place]))
                count &+= 1
            }
            return count &- before
        }
        let width = 1 &+ random.below(window)
        let (start, end) = (max(0, centre &- width), min(words.count, centre &+ width &+ 1))
        guard centres == 2 else {
            return .init(first: take(start..<centre) &+ take(centre &+ 1..<end))
        }
        let next = centre &+ 1
        let nextWidth = 1 &+ random.below(window)
        let (nextStart, nextEnd) = (max(0, next &- nextWidth), min(words.count, next &+ nextWidth &+ 1))
        let (outerStart, innerStart) = (min(start, nextStart), max(start, nextStart))
        let (innerEnd, outerEnd) = (min(end, nextEnd), max(end, nextEnd))
        // Each centre is in the window of the other alone.
        let first =
            take(next..<next &+ 1) &+ (start < nextStart ? take(outerStart..<innerStart) : 0)
            &+ (end > nextEnd ? take(innerEnd..<outerEnd) : 0)
        let both = take(innerStart..<centre) &+ take(next &+ 1..<innerEnd)
        let second =
            take(centre..<next) &+ (nextStart < start ? take(outerStart..<innerStart) : 0)
            &+ (nextEnd > end ? take(innerEnd..<outerEnd) : 0)
        return .init(first: first, both: both, second: second)
    }

    /// Chooses what is to be predicted in the step that begins with a centre, and asks for the rows.
    private mutating func choose(_ words: UnsafeBufferPointer<UInt32>, _ centre: Int) {
        let goals = goals + slot(centre)
        goals.pointee.clear()
        for first in stride(from: centre, to: min(centre &+ centresPerStep, words.count), by: centresPerBlock) {
            let word = Int(words[first])
            switch objective {
            case .noise(let noise, let negatives):
                let next = first &+ 1 < words.count ? Int(words[first &+ 1]) : nil
                choose(word, next, against: noise, negatives, goals)
            case .tree(let ways):
                // The way of the next word, and the place where the one after it will be found.
                if first &+ 1 < words.count { kernel.prefetch(constant: ways[Int(words[first &+ 1])].start) }
                if first &+ 2 < words.count { kernel.prefetch(constant: ways.address(of: Int(words[first &+ 2]))) }
                choose(ways[word], goals)
            }
        }
    }

    /// How many steps of a way are not asked for: their nodes are on so many ways that they are near the processor
    /// anyway, and asking takes as long as for others (7 percent of the time of skip-gram, 14 of CBOW).
    private static let nearSteps = 8

    /// Adds the nodes on the way to a word as a block.
    @inline(__always)
    private func choose(_ way: HuffmanTree.Way, _ goals: UnsafeMutablePointer<TrainingKernel.Goals>) {
        let rows = goals.pointee.nextOutputs
        let weights = goals.pointee.nextWeights(centre: 0)
        for step in 0..<way.count {
            let (node, turn) = way[step]
            rows[step] = outputs.row(node)
            weights[step] = turn ? -1 : 1
            if step >= Self.nearSteps { kernel.prefetch(rows[step]) }
        }
        goals.pointee.addBlock(outputs: way.count, centres: 1)
    }

    /// Adds noise for a word and, if there is one, for the next, which share it, as a block.
    @inline(__always)
    private mutating func choose(
        _ word: Int,
        _ next: Int?,
        against noise: AliasTable.Columns,
        _ negatives: Int,
        _ goals: UnsafeMutablePointer<TrainingKernel.Goals>
    ) {
        let rows = goals.pointee.nextOutputs
        let weights = goals.pointee.nextWeights(centre: 0)
        let nextWeights = goals.pointee.nextWeights(centre: 1)
        rows[0] = outputs.row(word)
        weights[0] = 1
        nextWeights[0] = next == word ? 1 : 0
        var right = 1
        if let next, next != word {
            rows[1] = outputs.row(next)
            weights[1] = 0
            nextWeights[1] = 1
            right = 2
        }
        var count = right
        for draw in 0..<negatives {
            let drawn = noise.number(for: bits[draw])
            if drawn == word || drawn == next { continue }
            let row = outputs.row(drawn)
            // The kernel wants each output once: a word drawn again weighs more.
            var place = right
            while place < count, rows[place] != row { place &+= 1 }
            if place == count {
                rows[place] = row
                weights[place] = 0
                nextWeights[place] = 0
                count &+= 1
            }
            weights[place] -= 1
            nextWeights[place] -= 1
        }
        for place in 0..<count { kernel.prefetch(rows[place]) }
        goals.pointee.addBlock(outputs: count, centres: next == nil ? 1 : 2)
        drawBits()
    }

    /// Draws the bits for the next noise, and asks for what they will be looked up in.
    @inline(__always)
    private mutating func drawBits() {
        guard case .noise(let noise, let negatives) = objective else { return }
        for draw in 0..<negatives {
            bits[draw] = random.next()
            kernel.prefetch(constant: noise.address(for: bits[draw]))
        }
    }

    /// Tells the session what has been done since the last time, up to this word of the passage.
    private mutating func tell(wordsDone: Int) {
        learningRate = session.add(words: wordsDone - wordsTold, loss: loss, predictions: predictions, epoch: epoch)
        wordsTold = wordsDone
        loss = 0
        predictions = 0
    }
}
