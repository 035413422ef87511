/// One thread's part of a training: takes passages, makes windows of them and hands these to the kernel.
struct TrainingWorker {
    private let session: TrainingSession
    private let kernel: TrainingKernel
    /// The words of a sentence that subsampling has left, and which word of the passage each was.
    private var words: [Int] = []
    private var places: [Int] = []
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

    init(_ session: TrainingSession) {
        self.session = session
        let outputs =
            switch session.objective {
            case .noise(_, let negatives): negatives + 1
            case .tree(let tree): tree.depth
            }
        kernel = TrainingKernel(
            dimension: session.configuration.dimension,
            maximumInputs: session.configuration.window * 2,
            maximumOutputs: outputs
        )
        random = RandomGenerator(seed: session.configuration.seed)
        learningRate = Float(session.configuration.learningRate)
    }

    /// Works until no passage is left or the work is cancelled. Calls `look` now and then.
    mutating func run(look: (_ epoch: Int) -> Void) {
        do throws(Word2VecError) {
            while !session.cancellation.isCancelled, let piece = session.nextPiece() {
                epoch = piece.epoch
                random = RandomGenerator(seed: session.configuration.seed, piece.epoch + 1, piece.passage)
                try train(session.corpus.passage(piece.passage), look: look)
            }
        } catch {
            session.fail(error)
        }
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
    private mutating func trainSentence(look: (Int) -> Void) -> Bool {
        let isSkipGram = session.configuration.architecture == .skipGram
        for centre in words.indices {
            let width = 1 + random.below(session.configuration.window)
            var inputs = 0
            for neighbor in max(0, centre - width)...min(words.count - 1, centre + width) where neighbor != centre {
                kernel.inputs[inputs] = session.inputs.row(words[neighbor])
                inputs += 1
            }
            guard inputs > 0 else { continue }
            let outputs = chooseOutputs(for: words[centre])
            if isSkipGram {
                loss += kernel.step(inputs: inputs, outputs: outputs, learningRate: learningRate)
                predictions += inputs
            } else {
                loss += kernel.stepOnMean(inputs: inputs, outputs: outputs, learningRate: learningRate)
                predictions += 1
            }
            untilLook -= inputs * outputs * session.configuration.dimension
            if untilLook < 0 {
                untilLook = Self.lookInterval
                tell(wordsDone: places[centre])
                look(epoch)
                if session.cancellation.isCancelled { return false }
            }
        }
        return true
    }

    /// Puts what the inputs are to predict into the kernel and returns the number of outputs.
    private mutating func chooseOutputs(for centre: Int) -> Int {
        switch session.objective {
        case .noise(let noise, let negatives):
            kernel.outputs[0] = session.outputs.row(centre)
            kernel.targets[0] = 1
            var count = 1
            for _ in 0..<negatives {
                let word = noise.draw(&random)
                if word == centre { continue }
                let row = session.outputs.row(word)
                // The kernel wants each output once: a word drawn again weighs more.
                var place = 1
                while place < count, kernel.outputs[place] != row { place += 1 }
                if place < count {
                    kernel.targets[place] -= 1
                } else {
                    kernel.outputs[count] = row
                    kernel.targets[count] = -1
                    count += 1
                }
            }
            return count
        case .tree(let tree):
            let length = tree.length(of: centre)
            for step in 0..<length {
                let (node, turn) = tree.step(step, to: centre)
                kernel.outputs[step] = session.outputs.row(node)
                kernel.targets[step] = turn ? -1 : 1
            }
            return length
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
