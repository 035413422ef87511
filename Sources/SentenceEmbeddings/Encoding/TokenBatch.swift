/// The tokens of several texts, one text behind the other: nothing is padded.
struct TokenBatch: Sendable {
    private(set) var ids: [Int32] = []
    /// Which of two texts each token is of.
    private(set) var types: [Int32] = []
    /// Where each text begins, and where the last one ends.
    private(set) var starts = [0]

    var textCount: Int { starts.count - 1 }
    var tokenCount: Int { ids.count }

    /// The tokens of a text.
    func range(of text: Int) -> Range<Int> { starts[text]..<starts[text + 1] }

    mutating func append(ids: [Int32], types: [Int32]) {
        self.ids += ids
        self.types += types
        starts.append(self.ids.count)
    }
}
