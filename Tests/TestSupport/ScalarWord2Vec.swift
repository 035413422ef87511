import func Foundation.exp
import func Foundation.log1p
import func Foundation.pow
import func Foundation.sqrt

/// Word2vec as a textbook would write it: one thread, double precision, one pair after the other, nothing shared,
/// nothing batched. The baseline that the trainer of `Word2Vec` is held against.
public struct ScalarWord2Vec {
    /// Whether each word of the window predicts by itself, or their mean does (CBOW).
    public var isSkipGram = true
    /// The number of negative samples; nil stands for hierarchical softmax.
    public var negatives: Int? = 5
    /// The length of the vectors.
    public var dimension = 20
    /// The most words taken on either side.
    public var window = 5
    /// How many times the text is gone through.
    public var epochs = 5
    /// Words with fewer occurrences are left out.
    public var minimumCount = 1
    /// The share of the text above which words are thinned out; 0 keeps all.
    public var sample = 1e-3
    /// The learning rate at the start.
    public var learningRate = 0.025
    /// The learning rate at the end.
    public var minimumLearningRate = 1e-4
    /// Where the random numbers start.
    public var seed: UInt64 = 1

    /// The defaults.
    public init() {}

    /// One step: each input row predicts all outputs, the gradients taken from the rows as they were before. An input gains
    /// from the outputs as they were, too, or `inTurn` as the inputs before it have changed them.
    ///
    /// `targets` holds, for each input, one number for each output: the weight of a right answer, minus the weight of
    /// noise, or 0 where the two have nothing to do with each other. Returns the loss.
    public static func step(
        inputs: inout [[Double]],
        outputs: inout [[Double]],
        targets: [[Double]],
        learningRate: Double,
        inTurn: Bool = false
    ) -> Double {
        var loss = 0.0
        let (oldInputs, oldOutputs) = (inputs, outputs)
        for i in inputs.indices {
            for k in outputs.indices {
                var product = 0.0
                for d in inputs[i].indices { product += oldInputs[i][d] * oldOutputs[k][d] }
                let weight = abs(targets[i][k])
                let label = targets[i][k] > 0 ? 1.0 : 0.0
                let probability = 1 / (1 + exp(-product))
                loss += weight * log1p(exp(label == 1 ? -product : product))
                let gradient = learningRate * weight * (label - probability)
                for d in inputs[i].indices {
                    inputs[i][d] += gradient * (inTurn ? outputs : oldOutputs)[k][d]
                    outputs[k][d] += gradient * oldInputs[i][d]
                }
            }
        }
        return loss
    }

    /// Trains a vector for each word that occurs often enough. Gives also the mean loss of a prediction in each epoch.
    public func train(on sentences: [[String]]) -> (vectors: [String: [Double]], losses: [Double]) {
        var random = SplitMix64(seed: seed)
        func unit() -> Double { Double.random(in: 0..<1, using: &random) }
        var counts: [String: Int] = [:]
        for word in sentences.joined() { counts[word, default: 0] += 1 }
        let words = counts.keys.filter { counts[$0]! >= minimumCount }.sorted { counts[$0]! > counts[$1]! }
        let number = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
        let frequencies = words.map { Double(counts[$0]!) }
        let total = frequencies.reduce(0, +)

        var cumulative: [Double] = []
        for frequency in frequencies { cumulative.append((cumulative.last ?? 0) + pow(frequency, 0.75)) }
        let paths = Self.huffmanPaths(frequencies)
        var inputs = words.map { _ in (0..<dimension).map { _ in (unit() - 0.5) / Double(dimension) } }
        var outputs = words.map { _ in [Double](repeating: 0, count: dimension) }

        var done = 0.0
        var losses: [Double] = []
        for _ in 0..<epochs {
            var (loss, predictions) = (0.0, 0.0)
            for sentence in sentences {
                let known = sentence.compactMap { number[$0] }
                let kept = known.filter { word in
                    let share = frequencies[word] / total
                    return sample == 0 || unit() < (sqrt(share / sample) + 1) * sample / share
                }
                let rate = max(minimumLearningRate, learningRate * (1 - done / (total * Double(epochs))))
                done += Double(known.count)
                for (place, centre) in kept.enumerated() {
                    let width = Int(unit() * Double(window)) + 1
                    let context = (max(0, place - width)...min(kept.count - 1, place + width))
                        .filter { $0 != place }.map { kept[$0] }
                    if context.isEmpty { continue }

                    // What is to be predicted: rows of `outputs`, and whether each is the right answer.
                    func goals() -> [(row: Int, isRight: Bool)] {
                        guard let negatives else { return paths[centre] }
                        var goals = [(centre, true)]
                        for _ in 0..<negatives {
                            let mark = unit() * cumulative.last!
                            let word = cumulative.firstIndex { mark < $0 } ?? 0
                            if word != centre { goals.append((word, false)) }
                        }
                        return goals
                    }
                    if isSkipGram {
                        for word in context {
                            for (row, isRight) in goals() {
                                loss += Self.pair(&inputs[word], &outputs[row], isRight, rate)
                            }
                        }
                        predictions += Double(context.count)
                    } else {
                        var mean = [Double](repeating: 0, count: dimension)
                        for word in context {
                            for d in 0..<dimension { mean[d] += inputs[word][d] / Double(context.count) }
                        }
                        let before = mean
                        for (row, isRight) in goals() { loss += Self.pair(&mean, &outputs[row], isRight, rate) }
                        predictions += 1
                        for word in context {
                            for d in 0..<dimension { inputs[word][d] += mean[d] - before[d] }
                        }
                    }
                }
            }
            losses.append(loss / predictions)
        }
        return (Dictionary(uniqueKeysWithValues: zip(words, inputs)), losses)
    }

    /// One step of one pair; returns its loss before.
    private static func pair(
        _ input: inout [Double],
        _ output: inout [Double],
        _ isRight: Bool,
        _ rate: Double
    ) -> Double {
        var product = 0.0
        for d in input.indices { product += input[d] * output[d] }
        let gradient = rate * ((isRight ? 1 : 0) - 1 / (1 + exp(-product)))
        for d in input.indices {
            let old = input[d]
            input[d] += gradient * output[d]
            output[d] += gradient * old
        }
        return log1p(exp(isRight ? -product : product))
    }

    /// For each word the inner nodes from the root on and whether the turn there is the first one.
    public static func huffmanPaths(_ frequencies: [Double]) -> [[(row: Int, isRight: Bool)]] {
        var paths = frequencies.map { _ in [(row: Int, isRight: Bool)]() }
        // Each group: its weight, and the words below it.
        var groups = frequencies.enumerated().map { (weight: $1, words: [$0]) }
        var node = 0
        while groups.count > 1 {
            groups.sort { $0.weight > $1.weight }
            let (first, second) = (groups.removeLast(), groups.removeLast())
            for word in first.words { paths[word].insert((node, true), at: 0) }
            for word in second.words { paths[word].insert((node, false), at: 0) }
            groups.append((first.weight + second.weight, first.words + second.words))
            node += 1
        }
        return paths
    }
}
