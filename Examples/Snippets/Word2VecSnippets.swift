import Foundation
import Word2Vec

/// A text to play with: sentences about one of three things each.
private func writeText(to url: URL) throws {
    let topics = [
        ["king", "queen", "crown", "throne", "man", "woman", "prince", "court"],
        ["river", "water", "boat", "bridge", "lake", "fish", "stream", "shore"],
        ["paris", "city", "street", "house", "train", "market", "tower", "square"],
    ]
    let sentences = (0..<2000).map { number in
        let words = (0..<8).map { _ in topics[number % 3].randomElement() ?? "" }
        return (words + (number % 200 == 0 ? ["in", "new", "york"] : ["the", "of"])).joined(separator: " ")
    }
    try Corpus(sentences: sentences.map { $0.split(separator: " ") }).write(to: url)
}

func word2VecSnippets(_ folder: URL) throws {
    let (text, moreText) = (folder.appending(path: "text"), folder.appending(path: "more"))
    try writeText(to: text)
    try writeText(to: moreText)
    try trainingSnippets(text, moreText, folder)
    try gensimSnippets(text, folder)
}

private func trainingSnippets(_ text: URL, _ moreText: URL, _ folder: URL) throws {
    // TrainingWordVectors
    var configuration = Word2VecConfiguration()
    configuration.dimension = 100
    configuration.epochs = 5
    let model = try Word2VecTrainer(configuration).train(on: Corpus(contentsOf: text)) { progress in
        print(progress.fraction, progress.meanLoss)
    }
    try model.vectors.write(to: folder.appending(path: "words.bin"))

    let corpus = try Corpus(contentsOf: text)
    let bigrams = try PhraseLearner().learn(from: corpus).join(corpus)
    let trigrams = try PhraseLearner().learn(from: bigrams).join(bigrams)
    let withPhrases = try Word2VecTrainer(configuration).train(on: trigrams)

    let bytes = configuration.estimatedMemory(vocabulary: 500_000, tokens: 100_000_000)

    var trainer = Word2VecTrainer(configuration)
    trainer.checkpoint = Checkpoint(at: folder.appending(path: "words.checkpoint"), every: .seconds(600))
    trainer.keepsState = true
    let first = try trainer.train(on: Corpus(contentsOf: text))
    try trainer.checkpoint?.remove()

    trainer.configuration.learningRate = 0.01  // lower, so that less of what was learned is disturbed
    let second = try trainer.train(on: Corpus(contentsOf: moreText), continuing: first.state)

    let judgements = WordPairs([
        WordPairs.Pair("king", "queen", score: 9), WordPairs.Pair("king", "river", score: 2),
        WordPairs.Pair("boat", "river", score: 7),
    ])
    print(try model.vectors.evaluateWordPairs(judgements).spearman)

    precondition(withPhrases.vectors.contains("in_new_york") && bytes > 0 && second.vectors.contains("king"))
}

private func gensimSnippets(_ text: URL, _ folder: URL) throws {
    // ComingFromGensim
    var configuration = Word2VecConfiguration()
    configuration.architecture = .cbow  // gensim's default; here it is skip-gram
    let corpus = try Corpus(contentsOf: text)
    let model = try Word2VecTrainer(configuration).train(on: corpus)
    let words = model.vectors
    for similar in try words.mostSimilar(positive: ["king", "woman"], negative: ["man"], top: 5) {
        print(similar.word, similar.similarity)
    }
    try words.write(to: folder.appending(path: "words.bin"))

    let mixed = try words.meanVector(of: ["king", "woman", "man"], weights: [2, 1, -1])
    let found = try words.mostSimilar(to: mixed, top: 5, excluding: ["king", "woman", "man"])

    let best = try words.mostSimilar(positive: ["king"], top: 10)
    let relative = try words.similarity("king", "queen") / best.reduce(0) { $0 + $1.similarity }

    var learner = PhraseLearner()
    learner.connectorWords = PhraseLearner.englishConnectorWords
    let phrases = try learner.learn(from: corpus)
    print(phrases.join(["the", "king", "of", "new", "york"]))
    for phrase in try phrases.found(in: corpus).prefix(10) {
        print(phrase.phrase, phrase.score, phrase.count)
    }
    let joined = try phrases.join(corpus)
    let trigrams = try learner.learn(from: joined).join(joined)

    _ = (trigrams, relative)
    precondition(found.count == 5)
}
