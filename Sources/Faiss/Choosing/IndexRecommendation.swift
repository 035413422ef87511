/// What ``IndexAdvisor`` recommends.
public struct IndexRecommendation: Sendable {
    /// The kind of index to build.
    public let index: IndexDescription
    /// Settings to start with.
    public let options: SearchOptions
    /// The bytes that it will take; see ``IndexDescription/estimatedMemory(count:dimension:metric:)``.
    public let estimatedMemory: Int
    /// The share of the true 10 nearest that such an index finds at most, as a rule.
    public let expectedRecall: Double
    /// Whether that is ``IndexAdvisor/targetRecall`` or more.
    public let reachesTarget: Bool
    /// Why, in sentences for a person.
    public let reasons: [String]
}
