public import Vectors

/// Measures the recall and the time of an index at different search settings.
///
/// ```swift
/// let report = try IndexTuner(k: 10).tune(index, queries: sample)
/// let options = report.fastest(recall: 0.95)?.options ?? SearchOptions()
/// ```
///
/// Only settings of a search are explored, in powers of two: the lists that an IVF index visits
/// (``SearchOptions/probes``), the candidates that HNSW keeps (``SearchOptions/ef``), and those that a refined index
/// compares again (``SearchOptions/refinement``); for a refined index the combinations. More effort is not tried once
/// every true neighbour is found, or once doubling it twice has brought nothing. The index is not rebuilt and not changed.
///
/// Times are those of this machine, with whatever else runs on it. scikit-learn has no counterpart; Faiss's is
/// `ParameterSpace::explore`.
public struct IndexTuner: Sendable, Hashable {
    /// How many neighbours are searched for, from 1; 10 by default.
    public var k: Int
    /// How often each setting is timed, of which the median is kept, 1…100; 3 by default.
    public var repetitions: Int
    /// Whether queries are searched one by one, as a server does, and not as one batch.
    public var oneByOne: Bool

    /// Makes a configuration.
    public init(k: Int = 10, repetitions: Int = 3, oneByOne: Bool = false) {
        self.k = k
        self.repetitions = repetitions
        self.oneByOne = oneByOne
    }

    /// Searches for a sample of queries at all settings worth a try.
    ///
    /// - Parameters:
    ///   - index: trained, and not empty.
    ///   - queries: one at least; some hundreds distinguish recalls of 0.95 and 0.96. They should be like those of your users.
    ///   - truth: the true neighbours of each query, k of them or as many as there are, as an exact search of an index
    ///     with the same ids finds them. By default they are found among the vectors that the index itself keeps, if it
    ///     keeps them as they are: ``IndexDescription/Capabilities/reconstructsExactly``.
    ///   - options: the filter and the threads of all searches, and settings that are to stay as they are: those given
    ///     are not explored.
    ///   - progress: called after every setting.
    /// - Throws: `VectorError` with code `unsupported` (no truth, from an index that does not keep vectors as they are),
    ///   `invalidArgument`, `dimensionMismatch`, `notFinite`, `notTrained`, `cancelled`, `tooLarge`.
    public func tune(
        _ index: VectorIndex,
        queries: VectorMatrix,
        truth: NeighborLists? = nil,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> TuningReport {
        let watch = Watch(progress)
        return try tune(index, queries: queries, truth: truth, options: options, watch: watch)
    }

    /// As `tune(_:queries:truth:options:progress:)`, on a thread outside the cooperative pool; stops when
    /// the task is cancelled.
    public func tune(
        _ index: VectorIndex,
        queries: VectorMatrix,
        truth: NeighborLists? = nil,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> TuningReport {
        try await runWatched(progress) { watch throws(VectorError) in
            try tune(index, queries: queries, truth: truth, options: options, watch: watch)
        }
    }

    private func tune(
        _ index: VectorIndex,
        queries: VectorMatrix,
        truth: NeighborLists?,
        options: SearchOptions,
        watch: Watch
    ) throws(VectorError) -> TuningReport {
        guard k >= 1 else { throw VectorError(.invalidArgument, "k \(k) is less than 1") }
        try checkRange(repetitions, 1...100, "repetitions")
        guard !queries.isEmpty else { throw VectorError(.invalidArgument, "there are no queries to measure with") }
        guard index.count > 0 else { throw VectorError(.invalidArgument, "the index is empty: nothing can be found") }
        if let truth, truth.count != queries.count {
            throw VectorError(.invalidArgument, "\(truth.count) true lists don't fit \(queries.count) queries")
        }
        let answers =
            if let truth { truth } else {
                try exactAnswers(of: index, queries: queries, options: options, watch: watch)
            }
        let wanted = answers.map { Set($0.prefix(k).map(\.id)) }
        let total = max(wanted.reduce(0) { $0 + $1.count }, 1)

        let sweeps = TuningSweep.all(for: index, k: k, options: options)
        let planned = sweeps.reduce(0) { $0 + $1.settings.count }
        var done = 0
        var measurements: [TuningReport.Measurement] = []
        for sweep in sweeps {
            var recalls: [Double] = []
            for setting in sweep.settings {
                let (lists, seconds) = try measure(index, queries: queries, options: setting, watch: watch)
                let hits = zip(lists, wanted).reduce(0) { sum, pair in
                    sum + pair.0.reduce(0) { $0 + (pair.1.contains($1.id) ? 1 : 0) }
                }
                let recall = Double(hits) / Double(total)
                measurements.append(.init(options: setting, recall: recall, secondsPerQuery: seconds))
                recalls.append(recall)
                done += 1
                watch.progress?(OperationProgress(completed: done, total: planned))
                let isFlat = recalls.count >= 3 && recalls.suffix(3).min() == recalls.suffix(3).max()
                if recall == 1 || (isFlat && recall > 0) { break }
            }
            done += sweep.settings.count - recalls.count
        }
        watch.progress?(OperationProgress(completed: planned, total: planned))
        return TuningReport(k: k, measurements: measurements)
    }

    /// The answers at one setting, and the median of the seconds that a query takes.
    private func measure(
        _ index: VectorIndex,
        queries: VectorMatrix,
        options: SearchOptions,
        watch: Watch
    ) throws(VectorError) -> (NeighborLists, Double) {
        let silent = watch.silent
        let singles = oneByOne ? (0..<queries.count).map { Array(queries[$0]) } : []
        var answers = NeighborLists()
        var seconds: [Double] = []
        for repetition in 0..<repetitions {
            let start = ContinuousClock.now
            if oneByOne {
                for query in singles {
                    try watch.checkCancellation()
                    let list = try index.core.search(one: query, for: .nearest(k), options: options)
                    if repetition == 0 { answers.append(list) }
                }
            } else {
                answers = try index.search(queries, for: .nearest(k), options: options, watch: silent)
            }
            seconds.append((ContinuousClock.now - start) / .seconds(1) / Double(queries.count))
        }
        return (answers, seconds.sorted()[repetitions / 2])
    }

    /// What a flat index over the same vectors answers.
    private func exactAnswers(
        of index: VectorIndex,
        queries: VectorMatrix,
        options: SearchOptions,
        watch: Watch
    ) throws(VectorError) -> NeighborLists {
        let description = index.indexDescription
        guard description.capabilities.reconstructsExactly else {
            throw VectorError(
                .unsupported,
                "\(description) does not keep vectors as they are: give the true neighbours that a flat index finds"
            )
        }
        let silent = watch.silent
        let ids = index.ids
        let flat = try VectorIndex(.flat, dimension: index.dimension, metric: index.metric)
        let vectors: VectorMatrix = try index.core.reconstruct(ids)
        try flat.core.add(vectors, under: .given(ids), threads: options.threads, watch: silent)
        let exact = SearchOptions(filter: options.filter, threads: options.threads)
        return try flat.search(queries, for: .nearest(k), options: exact, watch: silent)
    }
}
