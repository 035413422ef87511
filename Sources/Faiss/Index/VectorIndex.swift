public import Foundation
public import Vectors

/// An index over vectors: give it vectors under ids, ask it for the nearest ones.
///
/// ```swift
/// let index = try VectorIndex(.ivfPQ(lists: 1024, subquantizers: 16), dimension: 128, metric: .cosine)
/// try index.train(on: vectors)
/// try index.add(vectors)
/// let hits = try index.search(query, k: 10)
/// ```
///
/// The index is a shared object and safe to use from any thread: searches run side by side, whatever changes the index
/// runs alone and waits for the searches before it. Every call blocks until it is done; from an async function the
/// overloads marked `async` are taken instead, which work on threads outside Swift's cooperative pool and stop when
/// their task is cancelled.
///
/// How it is made: the state (a native index in the C++ core and the ids of its vectors) lives behind one
/// reader-writer lock. All arguments are checked here, before Faiss sees them, because Faiss answers wrong ones with
/// anything from an exception to a crash. Ids are this layer's own: Faiss numbers vectors by position, except in
/// inverted lists, which store the ids themselves.
///
/// ## Topics
///
/// ### Making an index
///
/// - ``init(_:dimension:metric:)``
///
/// ### What it holds
///
/// - ``indexDescription``
/// - ``dimension``
/// - ``metric``
/// - ``isTrained``
/// - ``count``
/// - ``ids``
/// - ``contains(_:)``
/// - ``memorySize``
///
/// ### Building
///
/// - ``train(on:options:progress:)``
/// - ``add(_:threads:progress:)``
/// - ``add(_:ids:threads:progress:)``
/// - ``replace(_:ids:threads:)``
/// - ``merge(_:)``
/// - ``copy()``
///
/// ### Searching
///
/// - ``search(_:k:options:progress:)``
/// - ``search(_:within:options:progress:)``
///
/// ### Files
///
/// - ``write(to:)``
/// - ``writeFaissFile(to:)``
public final class VectorIndex: IndexStorage, SearchableIndex, @unchecked Sendable {
    /// The vectors that it holds.
    public typealias Vectors = VectorMatrix

    /// The largest magnitude of a component: beyond it squared distances would overflow single precision. Half-precision
    /// types store less: ``IndexDescription/maximumMagnitude(dimension:)``. Behind a whitening PCA the limit is a millionth
    /// of it, for queries, too.
    public static let maximumMagnitude: Float = 1e15

    /// Makes an empty index.
    ///
    /// - Parameters:
    ///   - description: the kind of index.
    ///   - dimension: the length of every vector, 1…65,536.
    ///   - metric: how nearness is measured.
    /// - Throws: `invalidArgument` if the description can't work for this dimension or metric,
    ///   `tooLarge` if its training would not fit in memory.
    public convenience init(
        _ description: IndexDescription,
        dimension: Int,
        metric: Metric = .squaredL2
    ) throws(VectorError) { self.init(try IndexCore(description, dimension: dimension, kind: .numbers(metric))) }

    /// How nearness is measured.
    public var metric: Metric { core.kind.metric! }  // There is one: all vectors are numbers.

    /// Reads an index in Faiss's own format, as `init(faissFile:)`, under a metric that the file doesn't know.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - metric: give `Metric.cosine` for an inner-product index whose vectors are normalised, so that queries are
    ///     normalised as well; nil takes the file's.
    /// - Throws: as `init(faissFile:)`, and `invalidArgument` (a metric that is not the file's).
    public convenience init(faissFile url: URL, metric: Metric?) throws(VectorError) {
        self.init(try IndexCore(faissFile: url, areBits: false, metric: metric))
    }

    /// As the blocking `init(faissFile:metric:)`, off the cooperative pool.
    public convenience init(faissFile url: URL, metric: Metric?) async throws(VectorError) {
        self.init(
            try await runWatched { _ throws(VectorError) in
                try IndexCore(faissFile: url, areBits: false, metric: metric)
            }
        )
    }
}
