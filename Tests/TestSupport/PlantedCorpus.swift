/// A made-up language whose structure word vectors should find: a sentence is about one topic, and mixes the topic's
/// own words with words that every topic uses.
public struct PlantedCorpus: Sendable {
    /// The text.
    public let sentences: [[String]]
    /// The words of each topic.
    public let topics: [[String]]

    /// Makes up a text.
    public init(topics: Int = 10, wordsPerTopic: Int = 8, sentences: Int = 2000, seed: UInt64 = 1) {
        var random = SplitMix64(seed: seed)
        let words = (0..<topics).map { topic in (0..<wordsPerTopic).map { "t\(topic)w\($0)" } }
        let common = (0..<20).map { "common\($0)" }
        self.topics = words
        self.sentences = (0..<sentences).map { _ in
            let topic = words.randomElement(using: &random)!
            return (0..<12).map { _ in
                Int.random(in: 0..<3, using: &random) == 0
                    ? common.randomElement(using: &random)! : topic.randomElement(using: &random)!
            }
        }
    }

    /// The share of topic words whose nearest topic word is of the same topic: 1 if the structure is found,
    /// about 1 / topics by chance.
    public func purity(similarity: (String, String) -> Double) -> Double {
        var right = 0
        for (topic, words) in topics.enumerated() {
            for word in words {
                var best = (similarity: -Double.infinity, topic: -1)
                for (otherTopic, others) in topics.enumerated() {
                    for other in others where other != word {
                        let value = similarity(word, other)
                        if value > best.similarity { best = (value, otherTopic) }
                    }
                }
                if best.topic == topic { right += 1 }
            }
        }
        return Double(right) / Double(topics.count * (topics.first?.count ?? 0))
    }
}
