/// One thread's part of a training: takes passages, makes windows of them and hands these to the kernel.
struct TrainingWorker {
    private let session: TrainingSession
    private let kernel: TrainingKernel
    private let isSkipGram: Bool
    private let window: Int
    /// What is predicted, as this thread sees it.
    private let outputs: HotRows
    private let rows: SharedRows
    private let subsampling: Subsampling.Thresholds
    private let objective: Objective
    private var untilMerge = 0
    /// The words of a sentence that subsampling has left, and which word of the passage each was.
    private var words: [UInt32] = []
    private var places: [UInt32] = []
    /// How many centres a step serves.
    ///
    /// With negative sampling two neighbours share their noise: half the draws, and half the rows to fetch and to
    /// change, at the same quality (measured; with four, analogies suffer). In the tree their ways have little in
    /// common.
    private let centresPerStep: Int
    /// Goals of the steps that are ready or under way, in turn.
    private let goals: UnsafeMutablePointer<TrainingKernel.Goals>
    private static let slots = 4
    /// How many steps ahead goals are chosen. Rows of weights are scattered over more memory than caches hold, so they
    /// are asked for before their turn.
    private static let lead = 2
    /// Random bits for the noise of the next step.
    private let bits: UnsafeMutablePointer<UInt64>
    private let dimension: Int
    private var random: RandomGenerator
    private var learningRate: Float

    // What the session has not been told yet.
    private var epoch = 0
    private var loss = 0.0
    private var predictions = 0
    private var wordsTold = 0
    /// Multiplications until the session is told, so that a look up costs nothing and a cancelled training ends soon.
    private var untilLook = Self.lookInterval
    private static let lookInterval = 1 << 20

    /// What an input is to predict, in tables that the session keeps.
    private enum Objective {
        case noise(AliasTable.Columns, negatives: Int)
        case tree(HuffmanTree.Ways)
    }

    private init(_ session: TrainingSession) throws(Word2VecError) {
        self.session = session
        let configuration = session.configuration
        isSkipGram = configuration.architecture == .skipGram
        window = configuration.window
        outputs = try HotRows(session.outputs, hot: session.hotOutputs)
        let maximumOutputs: Int
        switch session.objective {
        case .noise(let noise, let negatives):
            objective = .noise(noise.columns, negatives: negatives)
            (centresPerStep, maximumOutputs) = (2, 2 + negatives)
        case .tree(let tree):
            objective = .tree(tree.ways)
            (centresPerStep, maximumOutputs) = (1, tree.depth)
        }
        rows = session.inputs
        subsampling = session.subsampling.thresholds
        kernel = TrainingKernel(
            dimension: configuration.dimension,
            maximumInputs: window * 2 + centresPerStep,
            maximumOutputs: maximumOutputs
        )
        dimension = configuration.dimension
        bits = .allocate(capacity: maximumOutputs)
        goals = .allocate(capacity: Self.slots)
        for slot in 0..<Self.slots { (goals + slot).initialize(to: .init(maximumOutputs: maximumOutputs)) }
        random = RandomGenerator(seed: configuration.seed)
        learningRate = Float(session.learningRate)
    }

    /// Works until no passage is left or the work is cancelled. Calls `look` now and then.
    static func run(_ session: TrainingSession, look: (_ epoch: Int) -> Void) {
        do throws(Word2VecError) {
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

    private mutating func run(look: (_ epoch: Int) -> Void) throws(Word2VecError) {
        while !session.cancellation.isCancelled, let piece = session.nextPiece() {
            epoch = piece.epoch
            random = RandomGenerator(seed: session.configuration.seed, piece.epoch + 1, piece.passage)
            // A piece depends on nothing that is not in the training's state, so that training can go on from it.
            untilLook = Self.lookInterval
            drawBits()
            try train(session.corpus.passage(piece.passage), look: look)
        }
        outputs.merge()
    }

    private mutating func train(_ passage: [UInt32], look: (Int) -> Void) throws(Word2VecError) {
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
            untilMerge -= 1
            if untilMerge < 0 {
                untilMerge = session.mergeInterval
                outputs.merge()
            }
            if centre &+ ahead < words.count { choose(words, centre &+ ahead) }
            for place in 0..<centresPerStep { prefetchInput(words, centre &+ ahead &+ window &+ place) }

            let goals = goals[slot(centre)]
            let inputs = takeInputs(words, centre, goals.centres)
            if isSkipGram {
                loss += kernel.step(inputs: inputs, goals: goals, learningRate: learningRate)
                predictions += inputs.first &+ 2 &* inputs.both &+ inputs.second
            } else {
                loss += kernel.stepOnMeans(inputs: inputs, goals: goals, learningRate: learningRate)
                predictions += goals.centres
            }
            untilLook -= inputs.total &* goals.count &* dimension
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
        if place < words.count { kernel.prefetch(rows.row(Int(words[place]))) }
    }

    /// Draws the widths of the windows of one or two centres, and lists the rows in them.
    @inline(__always)
    private mutating func takeInputs(
        _ words: UnsafeBufferPointer<UInt32>,
        _ centre: Int,
        _ centres: Int
    ) -> TrainingKernel.InputCounts {
        var count = 0
        func take(_ places: Range<Int>) -> Int {
            let before = count
            for place in places {
                kernel.inputs[count] = rows.row(Int(words[place]))
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
        let centres = min(centresPerStep, words.count &- centre)
        let word = Int(words[centre])
        let goals = goals + slot(centre)
        goals.pointee.clear(centres: centres)
        switch objective {
        case .noise(let noise, let negatives):
            choose(word, centres == 2 ? Int(words[centre &+ 1]) : nil, against: noise, negatives, goals)
        case .tree(let ways):
            // The way of the next word, and the place where the one after it will be found.
            if centre &+ 1 < words.count { kernel.prefetch(constant: ways[Int(words[centre &+ 1])].start) }
            if centre &+ 2 < words.count { kernel.prefetch(constant: ways.address(of: Int(words[centre &+ 2]))) }
            let way = ways[word]
            let weights = goals.pointee.weights(centre: 0)
            for step in 0..<way.count {
                let (node, turn) = way[step]
                goals.pointee.outputs[step] = outputs.row(node)
                weights[step] = turn ? -1 : 1
            }
            goals.pointee.count = way.count
        }
        for output in 0..<goals.pointee.count { kernel.prefetch(goals.pointee.outputs[output]) }
    }

    /// Chooses noise for a word and, if there is one, for the next, which share it.
    @inline(__always)
    private mutating func choose(
        _ word: Int,
        _ next: Int?,
        against noise: AliasTable.Columns,
        _ negatives: Int,
        _ goals: UnsafeMutablePointer<TrainingKernel.Goals>
    ) {
        let rows = goals.pointee.outputs
        let weights = goals.pointee.weights(centre: 0)
        let nextWeights = goals.pointee.weights(centre: next == nil ? 0 : 1)
        rows[0] = outputs.row(word)
        weights[0] = 1
        var right = 1
        if let next {
            if next != word {
                rows[1] = outputs.row(next)
                right = 2
            }
            nextWeights[right &- 1] = 1
        }
        var count = right
        for draw in 0..<negatives {
            let drawn = noise.number(for: bits[draw])
            if drawn == word || drawn == next { continue }
            let row = outputs.row(drawn)
            // The kernel wants each output once: a word drawn again weighs more.
            var place = right
            while place < count, rows[place] != row { place &+= 1 }
            rows[place] = row
            weights[place] -= 1
            if next != nil { nextWeights[place] -= 1 }
            count = max(count, place &+ 1)
        }
        goals.pointee.count = count
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
