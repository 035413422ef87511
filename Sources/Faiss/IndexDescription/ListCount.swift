extension IndexDescription {
    /// The number of inverted lists of an IVF index.
    public struct ListCount: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral, CustomStringConvertible {
        /// The largest number of lists.
        public static let maximum = 1 << 20

        /// Chosen at training time: the largest power of two that is at most four times the square root of the number
        /// of vectors and leaves 39 training vectors a list, as Faiss's guidelines have it.
        public static let automatic = ListCount(number: nil)

        /// Exactly so many.
        public static func count(_ number: Int) -> ListCount { ListCount(number: number) }

        let number: Int?

        private init(number: Int?) { self.number = number }

        /// Exactly so many.
        public init(integerLiteral number: Int) { self.number = number }

        /// "automatic" or the number.
        public var description: String { number.map(String.init) ?? "automatic" }

        /// The number for an index that will hold `count` vectors and is trained on `trainingCount` of them.
        func resolved(count: Int, trainingCount: Int) -> Int {
            if let number { return number }
            let wanted = min(4 * Double(count).squareRoot(), Double(trainingCount) / 39)
            var lists = 1
            while Double(lists * 2) <= wanted, lists * 2 <= Self.maximum { lists *= 2 }
            return lists
        }
    }
}
