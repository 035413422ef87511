/// One thread's part of a training: takes passages, makes windows of them and hands these to the kernel.
struct TrainingWorker {
    private let session: TrainingSession
    private let kernel: TrainingKernel
    /// What is predicted, as this thread sees it.
    private let outputs: HotRows
    private var untilMerge = 0
    /// The words of a sentence that subsampling has left, and which word of the passage each was.
    private var words: [Int] = []
    private var places: [Int] = []
    /// The noise words that two centres share.
    private var drawn: [Int]
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
    /// How many centres ahead a window is prepared, and the windows that are ready or in use at a time.
    private static let lead = 2
    private static let slots = 4

    private init(_ session: TrainingSession) throws(Word2VecError) {
        self.session = session
        outputs = try HotRows(session.outputs, hot: session.hotOutputs)
        let maximumOutputs =
            switch session.objective {
            case .noise(_, let negatives): negatives + 1
            case .tree(let tree): tree.depth
            }
        kernel = TrainingKernel(
            dimension: session.configuration.dimension,
            maximumInputs: session.configuration.window * 2,
            maximumOutputs: maximumOutputs,
            windows: Self.slots
        )
        drawn = [Int](repeating: 0, count: maximumOutputs)
        random = RandomGenerator(seed: session.configuration.seed)
        learningRate = Float(session.configuration.learningRate)
    }

    /// Works until no passage is left or the work is cancelled. Calls `look` now and then.
    static func run(_ session: TrainingSession, look: (_ epoch: Int) -> Void) {
        do throws(Word2VecError) {
            var worker = try TrainingWorker(session)
            try worker.run(look: look)
        } catch {
            session.fail(error)
        }
    }

    private mutating func run(look: (_ epoch: Int) -> Void) throws(Word2VecError) {
        while !session.cancellation.isCancelled, let piece = session.nextPiece() {
            epoch = piece.epoch
            random = RandomGenerator(seed: session.configuration.seed, piece.epoch + 1, piece.passage)
            try train(session.corpus.passage(piece.passage), look: look)
        }
        outputs.merge()
    }

    private mutating func train(_ passage: [UInt32], look: (Int) -> Void) throws(Word2VecError) {
        wordsTold = 0
        var place = 0
        for number in passage {
            if number == EncodedCorpus.sentenceEnd {
                guard trainSentence(look: look) else { return }
                words.removeAll(keepingCapacity: true)
                places.removeAll(keepingCapacity: true)
            } else {
                if session.subsampling.keeps(Int(number), &random) {
                    words.append(Int(number))
                    places.append(place)
                }
                place += 1
            }
        }
        tell(wordsDone: place)
    }

    /// Trains on the words at hand; false if the work was cancelled.
    ///
    /// Rows of weights are scattered over more memory than caches hold, so they are asked for two centres before their
    /// turn: the outputs of a window are chosen then, too.
    private mutating func trainSentence(look: (Int) -> Void) -> Bool {
        let isSkipGram = session.configuration.architecture == .skipGram
        let window = session.configuration.window
        for centre in 0..<min(Self.lead, words.count) { prepare(centre) }
        for place in 0..<min(window + Self.lead, words.count) { kernel.prefetch(session.inputs.row(words[place])) }
        for centre in words.indices {
            untilMerge -= 1
            if untilMerge < 0 {
                untilMerge = session.mergeInterval
                outputs.merge()
            }
            if centre + Self.lead < words.count { prepare(centre + Self.lead) }
            let coming = centre + window + Self.lead
            if coming < words.count { kernel.prefetch(session.inputs.row(words[coming])) }

            let width = 1 + random.below(window)
            var inputs = 0
            for neighbor in max(0, centre - width)...min(words.count - 1, centre + width) where neighbor != centre {
                kernel.inputs[inputs] = session.inputs.row(words[neighbor])
                inputs += 1
            }
            guard inputs > 0 else { continue }
            let slot = centre % Self.slots
            if isSkipGram {
                loss += kernel.step(inputs: inputs, window: slot, learningRate: learningRate)
                predictions += inputs
            } else {
                loss += kernel.stepOnMean(inputs: inputs, window: slot, learningRate: learningRate)
                predictions += 1
            }
            untilLook -= inputs * kernel.windows[slot].count * session.configuration.dimension
            if untilLook < 0 {
                untilLook = Self.lookInterval
                tell(wordsDone: places[centre])
                look(epoch)
                if session.cancellation.isCancelled { return false }
            }
        }
        return true
    }

    /// Chooses what is to be predicted around a centre, and asks for the rows.
    private mutating func prepare(_ centre: Int) {
        let word = words[centre]
        let slot = centre % Self.slots
        let window = kernel.windows[slot]
        var count = 0
        switch session.objective {
        case .noise(let noise, let negatives):
            // Two centres share their noise: half the draws and half the rows to fetch, at the same quality (measured;
            // with four, analogies suffer).
            if centre.isMultiple(of: 2) {
                for draw in 0..<negatives { drawn[draw] = noise.draw(&random) }
            }
            window.outputs[0] = outputs.row(word)
            window.targets[0] = 1
            count = 1
            for draw in 0..<negatives where drawn[draw] != word {
                let row = outputs.row(drawn[draw])
                // The kernel wants each output once: a word drawn again weighs more.
                var place = 1
                while place < count, window.outputs[place] != row { place += 1 }
                if place < count {
                    window.targets[place] -= 1
                } else {
                    window.outputs[count] = row
                    window.targets[count] = -1
                    count += 1
                }
            }
        case .tree(let tree):
            count = tree.length(of: word)
            for step in 0..<count {
                let (node, turn) = tree.step(step, to: word)
                window.outputs[step] = outputs.row(node)
                window.targets[step] = turn ? -1 : 1
            }
        }
        kernel.windows[slot].count = count
        for output in 0..<count { kernel.prefetch(window.outputs[output]) }
    }

    /// Tells the session what has been done since the last time, up to this word of the passage.
    private mutating func tell(wordsDone: Int) {
        learningRate = session.add(words: wordsDone - wordsTold, loss: loss, predictions: predictions, epoch: epoch)
        wordsTold = wordsDone
        loss = 0
        predictions = 0
    }
}
