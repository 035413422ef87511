public import Vectors

/// A picture of vectors in two dimensions that keeps neighbours together: t-SNE (van der Maaten and Hinton 2008,
/// jmlr.org/papers/v9/vandermaaten08a) on Faiss's neighbours, with Barnes and Hut's tree (van der Maaten 2014,
/// jmlr.org/papers/v15/vandermaaten14a), for some hundred thousand points.
///
/// The configuration is a value; `fit(_:progress:)` returns the picture. It begins with the first two principal
/// components, which keeps the large structure in place (Kobak and Berens 2019, doi:10.1038/s41467-019-13056-x); two
/// thirds of the iterations follow a first third in which attraction counts twelve times. The learning rate is the
/// number of points over that factor, at least 200 (Belkina et al. 2019, doi:10.1038/s41467-019-13055-y).
///
/// Distances between far points, sizes of groups and the axes mean nothing in such a picture; only which points are near each other does.
/// Nearness is measured by squared L2 distance: give rows of length 1 where directions count, as for words.
///
/// Cost: for 100,000 points of 100 dimensions about 190 seconds of processor time, which the threads share, and 0.5 GB;
/// both grow with count · log(count).
public struct NeighborEmbedding: Sendable, Hashable {
    /// How many neighbours of a point count, in a smooth sense, 1…1,000; 30 by default. A third of the points less one
    /// is what fewer points get.
    public var perplexity: Double
    /// Iterations in all, 1…10,000; 750 by default.
    public var iterations: Int
    /// The seed of the small noise that separates equal points. Equal seeds give equal pictures, up to rounding
    /// whatever the number of threads.
    public var seed: UInt64
    /// How many threads may be used.
    public var threads: ThreadLimit

    /// Makes a configuration.
    public init(
        perplexity: Double = 30,
        iterations: Int = 750,
        seed: UInt64 = 1234,
        threads: ThreadLimit = .automatic
    ) {
        self.perplexity = perplexity
        self.iterations = iterations
        self.seed = seed
        self.threads = threads
    }

    /// Places the rows of a matrix in the plane.
    ///
    /// - Parameters:
    ///   - points: any number of rows, all finite; up to 20,000 of them have their neighbours found exactly, more in
    ///     inverted lists.
    ///   - progress: called while neighbours are searched and after every iteration.
    /// - Throws: `VectorError` with code `invalidArgument`, `notFinite`, `tooLarge`, `cancelled`.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> NeighborEmbeddingModel {
        try fit(points, watch: Watch(progress))
    }

    /// As `fit(_:progress:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> NeighborEmbeddingModel {
        try await runWatched(progress) { watch throws(VectorError) in
            try fit(points, watch: watch)
        }
    }

    private func fit(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> NeighborEmbeddingModel {
        try validate(points)
        // The search takes about as long as a quarter of 750 iterations.
        let searchUnits = max(1, iterations / 4)
        let total = searchUnits + iterations
        let report: OperationProgress.Handler = { progress in
            let completed = Int(progress.fraction * Double(searchUnits))
            watch.progress?(OperationProgress(completed: completed, total: total))
        }
        let search = Watch(report, cancellation: watch.cancellation)
        let perplexity = min(perplexity, max(1, Double(points.count - 1) / 3))
        let neighbors = try nearestOthers(of: points, count: Int((3 * perplexity).rounded(.up)), watch: search)
        let affinities = try Affinities(of: neighbors, perplexity: perplexity, threads: threads, watch: watch)
        var layout = Layout(start: try start(of: points, watch: watch), threads: threads)
        let exaggerated = iterations / 3
        for iteration in 0..<iterations {
            try watch.checkCancellation()
            layout.step(affinities, exaggeration: iteration < exaggerated ? 12 : 1)
            watch.progress?(OperationProgress(completed: searchUnits + iteration + 1, total: total))
        }
        let divergence = layout.divergence(from: affinities)
        return NeighborEmbeddingModel(
            positions: try VectorMatrix(layout.positions.flatMap { [$0.x, $0.y] }, dimension: 2),
            neighbors: neighbors,
            divergence: divergence
        )
    }

    private func validate(_ points: VectorMatrix) throws(VectorError) {
        guard (1...1000).contains(perplexity) else {
            throw VectorError(.invalidArgument, "perplexity \(perplexity) is outside 1...1000")
        }
        try checkRange(iterations, 1...10_000, "iterations")
        try checkRange(points.count, 0...Int(Int32.max), "number of points")
        try points.withUnsafeBufferPointer { values throws(VectorError) in
            try checkFinite(values, dimension: points.dimension)
        }
        let entries = points.count * min(points.count, Int(3 * perplexity) + 1)
        try checkMemory(bytes: 40 * entries, for: "the neighbours of \(points.count) points")
    }

    /// The nearest others of each point.
    private func nearestOthers(of points: VectorMatrix, count k: Int, watch: Watch) throws(VectorError) -> NeighborLists
    {
        // Exact search takes a time that grows with the square; below this it is the quicker one. Inverted lists don't
        // depend on how threads take turns, as a graph does.
        let isSmall = points.count <= 20_000
        let index = try VectorIndex(isSmall ? .flat : .ivfFlat(), dimension: points.dimension)
        let quiet = watch.silent
        if !isSmall {
            try index.core.train(on: points, options: TrainingOptions(threads: threads), watch: quiet)
        }
        try index.core.add(points, under: .next, threads: threads, watch: quiet)
        let options = SearchOptions(probes: isSmall ? nil : 64, threads: threads)
        let found = try index.search(points, for: .nearest(k + 1), options: options, watch: watch)
        var others = NeighborLists(minimumCapacity: points.count, neighbors: found.neighbors.count)
        for (point, list) in found.enumerated() {
            // A point with more than k doubles may be missing in its own list.
            others.append(list.filter { $0.id != Int64(point) }.prefix(k))
        }
        return others
    }

    /// The first two principal components, as small as t-SNE wants them, with noise that separates equal points.
    private func start(of points: VectorMatrix, watch: Watch) throws(VectorError) -> [SIMD2<Float>] {
        var random = SeededGenerator(seed: seed)
        var start = try principalPlane(of: points, watch: watch)
        let length = start.reduce(0) { $0 + Double($1.x * $1.x) }
        let deviation = Float((length / Double(max(points.count, 1))).squareRoot())
        let scale = deviation > 0 ? 1e-4 / deviation : 0
        for point in start.indices { start[point] = start[point] * scale + 1e-6 * random.nextPoint() }
        return start
    }

    /// The points along their first two principal components; on a line where they have but one dimension.
    private func principalPlane(of points: VectorMatrix, watch: Watch) throws(VectorError) -> [SIMD2<Float>] {
        guard points.count >= 2 else { return [SIMD2<Float>](repeating: .zero, count: points.count) }
        // Two directions need no more points than these.
        let step =
            (points.count + IndexDescription.maximumTransformDimension - 1) / IndexDescription.maximumTransformDimension
        let sample = points.gathering(Array(stride(from: 0, to: points.count, by: step)))
        let components = min(2, sample.count, points.dimension)
        let plane = try PCA(components: components, threads: threads)
            .fit(sample, watch: watch.silent)
            .transform(points)
        return (0..<plane.count).map { SIMD2(plane[$0].first ?? 0, components == 2 ? plane[$0].last ?? 0 : 0) }
    }
}

extension SeededGenerator {
    /// A point with coordinates from −1 to 1.
    fileprivate mutating func nextPoint() -> SIMD2<Float> {
        let bits: UInt64 = next()
        let halves = SIMD2(UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
        return SIMD2<Float>(halves) * 0x1p-31 - 1
    }
}
