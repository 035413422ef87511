public import Vectors

/// Recommends kinds of index for what is known before anything is built: how many vectors, how long, how much memory, how
/// good the answers must be.
///
/// ```swift
/// let advice = try IndexAdvisor(count: 1_000_000, dimension: 128, memoryBudget: 200_000_000).recommendations()
/// print(advice[0].index, advice[0].estimatedMemory, advice[0].reasons)
/// ```
///
/// These are rules, not measurements: build what comes first, and let ``IndexTuner`` measure it on your vectors. Which
/// kinds are considered follows Faiss's guidelines
/// (https://github.com/facebookresearch/faiss/wiki/Guidelines-to-choose-an-index): exact search for few vectors, HNSW
/// where memory allows, inverted lists with ever smaller codes where it doesn't. What recall a kind reaches at most, and
/// at which setting, was measured on 100,000 SIFT vectors of 128 dimensions with this package; harder vectors reach
/// less. Bytes come from ``IndexDescription/estimatedMemory(count:dimension:metric:)``, the order from an estimate of how
/// many numbers a query is multiplied with.
public struct IndexAdvisor: Sendable, Hashable {
    /// How many vectors the index will hold, from 1.
    public var count: Int
    /// Their length.
    public var dimension: Int
    /// How nearness is measured.
    public var metric: Metric
    /// The most bytes that the index may take; nil for no limit.
    public var memoryBudget: Int?
    /// The share of the true 10 nearest that must be found, above 0 up to 1; 0.95 by default. 1 means exact answers.
    public var targetRecall: Double
    /// Whether vectors will be removed and their memory must come back.
    public var needsRemoval: Bool
    /// Whether searches within a distance must work.
    public var needsSearchWithinDistance: Bool

    /// Makes an advisor.
    public init(
        count: Int,
        dimension: Int,
        metric: Metric = .squaredL2,
        memoryBudget: Int? = nil,
        targetRecall: Double = 0.95,
        needsRemoval: Bool = false,
        needsSearchWithinDistance: Bool = false
    ) {
        self.count = count
        self.dimension = dimension
        self.metric = metric
        self.memoryBudget = memoryBudget
        self.targetRecall = targetRecall
        self.needsRemoval = needsRemoval
        self.needsSearchWithinDistance = needsSearchWithinDistance
    }

    /// What is recommended, best first: what reaches the recall before what doesn't, the fastest of the former and the
    /// most accurate of the latter first. All of it fits the memory and can do what is needed.
    ///
    /// - Throws: `invalidArgument` for a value out of range, or if the memory is too little for any
    ///   kind.
    public func recommendations() throws(VectorError) -> [IndexRecommendation] {
        try checkRange(count, 1...Int(Int32.max), "count")
        try checkRange(dimension, 1...VectorMatrix.maximumDimension, "dimension")
        guard targetRecall > 0, targetRecall <= 1 else {
            throw VectorError(.invalidArgument, "the target recall \(targetRecall) is not above 0 and at most 1")
        }
        var fitting: [(recommendation: IndexRecommendation, cost: Double)] = []
        var smallest = Int.max
        for candidate in candidates {
            guard (try? candidate.index.validate(dimension: dimension)) != nil else { continue }
            let capabilities = candidate.index.capabilities
            if needsRemoval, !capabilities.freesRemovedVectors { continue }
            if needsSearchWithinDistance, !capabilities.searchesWithinDistance { continue }
            let bytes = try candidate.index.estimatedMemory(count: count, dimension: dimension, metric: metric)
            smallest = min(smallest, bytes)
            if let memoryBudget, bytes > memoryBudget { continue }
            fitting.append((recommendation(candidate, bytes: bytes), candidate.cost))
        }
        guard !fitting.isEmpty else {
            throw VectorError(
                .invalidArgument,
                "the memory budget of \(memoryBudget ?? 0) bytes is too little for any kind of index over \(count) "
                    + "vectors of dimension \(dimension): the smallest would take \(smallest)"
            )
        }
        return fitting.sorted { first, second in
            let (one, other) = (first.recommendation, second.recommendation)
            if one.reachesTarget != other.reachesTarget { return one.reachesTarget }
            if !one.reachesTarget, one.expectedRecall != other.expectedRecall {
                return one.expectedRecall > other.expectedRecall
            }
            return first.cost == second.cost
                ? one.estimatedMemory < other.estimatedMemory : first.cost < second.cost
        }
        .map(\.recommendation)
    }

    private func recommendation(_ candidate: Candidate, bytes: Int) -> IndexRecommendation {
        let reaches = candidate.recall >= targetRecall
        var reasons = [candidate.reason]
        if let memoryBudget {
            reasons.append("It takes about \(bytes) bytes of the \(memoryBudget) allowed.")
        }
        if !reaches {
            reasons.append(
                "It finds about \(percent(candidate.recall)) of the nearest at most, short of the "
                    + "\(percent(targetRecall)) wanted."
            )
        }
        if let probes = candidate.options.probes {
            reasons.append("Start with \(probes) probes.")
        } else if let ef = candidate.options.ef {
            reasons.append("Start with ef \(ef).")
        }
        if needsRemoval { reasons.append("Removed vectors give their memory back.") }
        if needsSearchWithinDistance { reasons.append("It searches within a distance.") }
        return IndexRecommendation(
            index: candidate.index,
            options: candidate.options,
            estimatedMemory: bytes,
            expectedRecall: candidate.recall,
            reachesTarget: reaches,
            reasons: reasons
        )
    }

    private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

    // MARK: Rules

    /// Below so many numbers an exact search takes less than a millisecond on one thread, and nothing is worth building.
    private static let fewNumbers = 2.5e6
    /// Below so many vectors lists are too few, and codebooks would be learned from too little: Faiss's rule is 39
    /// vectors for each of 256 centroids.
    private static let enoughForLists = 10_000

    private var numbers: Double { Double(count) * Double(dimension) }

    private var candidates: [Candidate] {
        let all = exhaustive + graphs
        return count >= Self.enoughForLists ? all + lists : all
    }

    /// Kinds that look at every vector.
    private var exhaustive: [Candidate] {
        let isSmall = numbers <= Self.fewNumbers
        let flat = Candidate(
            index: .flat,
            recall: 1,
            cost: isSmall ? 0 : numbers,
            reason: isSmall
                ? "Exact, and so few vectors are searched through in less than a millisecond."
                : "Exact: every vector is compared, which needs no training but takes time in proportion to their number."
        )
        return [flat]
            + Self.scalarTypes.map { type in
                Candidate(
                    index: .scalarQuantized(type.type),
                    recall: type.recall,
                    cost: numbers * type.cost,
                    reason: "Every vector is compared, with its components stored as \(type.type.rawValue)."
                )
            }
    }

    private var graphs: [Candidate] {
        [(32, effort(0.98, 0.995, 0.999)), (16, effort(0.95, 0.985, 0.997))].map { neighbors, effort in
            let ef = 64 * effort
            return Candidate(
                index: .hnsw(neighbors: neighbors),
                options: SearchOptions(ef: ef),
                recall: 0.999,
                // About half of the links of each candidate lead to a vector not seen yet, in memory far away.
                cost: Double(ef * neighbors * dimension) * 2,
                reason:
                    "A graph of \(neighbors) links a vector is walked, the fastest way where memory allows it; it can't "
                    + "remove vectors for good."
            )
        }
    }

    /// Kinds that visit some inverted lists.
    private var lists: [Candidate] {
        let number = IndexDescription.ivf(storing: .flat).resolved(count: count, trainingCount: count).listCount ?? 1
        let probes = min(number, Int(Double(number).squareRoot().rounded()) * effort(0.92, 0.975, 0.995))
        let visited = Double(number * dimension) + numbers * Double(probes) / Double(number)
        func make(_ index: IndexDescription, _ recall: Double, _ cost: Double, _ reason: String) -> Candidate {
            Candidate(
                index: index,
                options: SearchOptions(probes: probes),
                recall: recall,
                cost: visited * cost,
                reason: reason
            )
        }
        var all = [
            make(
                .ivfFlat(),
                0.999,
                1,
                "Vectors are kept as they are, in lists of which the nearest are visited: only others are missed."
            )
        ]
        all += Self.scalarTypes.map { type in
            make(
                .ivf(storing: .scalarQuantized(type.type)),
                type.recall,
                type.cost,
                "The nearest lists are visited, with components stored as \(type.type.rawValue)."
            )
        }
        for part in Self.parts {
            guard let count = subquantizers(part.dimensions) else { continue }
            all.append(
                make(
                    .ivfPQ(subquantizers: count),
                    part.recall,
                    part.cost,
                    "The nearest lists are visited, with \(part.dimensions) components in a byte."
                )
            )
        }
        all += Self.rabitqBits.map { code in
            make(
                .ivfRaBitQ(bits: code.bits),
                code.recall,
                code.cost,
                "The nearest lists are visited, with \(code.bits == 1 ? "a bit" : "\(code.bits) bits") a component, which "
                    + "need no training."
            )
        }
        all.append(
            make(
                .refined(.ivfRaBitQ(bits: 2), by: 4),
                0.98,
                0.15,
                "Codes of 2 bits say which candidates can be among the nearest, and the vectors, which are kept too, decide."
            )
        )
        if let count = subquantizers(2) {
            all.append(
                make(
                    .refined(.ivf(storing: .pqFastScan(subquantizers: count)), by: 4),
                    0.97,
                    0.2,
                    "Codes of 4 bits pick candidates in the nearest lists, and the vectors, which are kept too, decide."
                )
            )
        }
        return all
    }

    /// The largest number of subquantizers that divides the dimension with at least so many components in each part, if
    /// parts are not far longer.
    private func subquantizers(_ components: Int) -> Int? {
        let most = dimension / components
        guard most >= 1, let count = (1...most).last(where: { dimension.isMultiple(of: $0) }) else { return nil }
        return 4 * count >= 3 * most ? count : nil
    }

    /// How many times as much effort as a search makes by default, √lists probes or 64 candidates, a recall takes: 1, 2, 4
    /// or 8 times, where once, twice and four times were enough up to these recalls.
    private func effort(_ once: Double, _ twice: Double, _ fourTimes: Double) -> Int {
        switch targetRecall {
        case ...once: 1
        case ...twice: 2
        case ...fourTimes: 4
        default: 8
        }
    }

    private static let scalarTypes: [(type: IndexDescription.ScalarType, recall: Double, cost: Double)] = [
        (.float16, 0.999, 0.8), (.int8, 0.989, 0.5), (.int6, 0.963, 0.9), (.int4, 0.846, 0.7),
    ]

    private static let rabitqBits: [(bits: Int, recall: Double, cost: Double)] = [
        (1, 0.43, 0.08), (2, 0.69, 0.12), (3, 0.83, 0.18), (4, 0.9, 0.2),
    ]

    private static let parts: [(dimensions: Int, recall: Double, cost: Double)] = [
        (2, 0.89, 0.5), (4, 0.78, 0.25), (8, 0.64, 0.125),
    ]
}

/// A kind of index and its estimates.
private struct Candidate {
    var index: IndexDescription
    var options = SearchOptions()
    /// The most that it finds of the 10 nearest.
    var recall: Double
    /// Numbers that a query is multiplied with, or what takes as long.
    var cost: Double
    var reason: String
}
