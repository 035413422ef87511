/// What ``IndexTuner`` measured.
public struct TuningReport: Sendable {
    /// One setting and its results.
    public struct Measurement: Sendable {
        /// The setting, ready for a search.
        public let options: SearchOptions
        /// The share of the true k nearest that were found, from 0 to 1.
        public let recall: Double
        /// The median seconds that a query took.
        public let secondsPerQuery: Double
    }

    /// How many neighbours were searched for.
    public let k: Int
    /// All measurements, in the order in which they were made.
    public let measurements: [Measurement]

    /// The settings worth having: for each, no other is at least as fast and finds more, or faster and finds as much.
    /// The fastest first, so that recalls ascend.
    public var paretoFront: [Measurement] {
        var front: [Measurement] = []
        for candidate in measurements.sorted(by: {
            $0.secondsPerQuery == $1.secondsPerQuery
                ? $0.recall > $1.recall : $0.secondsPerQuery < $1.secondsPerQuery
        }) where candidate.recall > front.last?.recall ?? -1 {
            front.append(candidate)
        }
        return front
    }

    /// The fastest setting that reached a recall; nil if none did.
    ///
    /// - Parameter recall: from 0 to 1.
    public func fastest(recall: Double) -> Measurement? { paretoFront.first { $0.recall >= recall } }
}
