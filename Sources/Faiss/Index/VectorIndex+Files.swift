public import Foundation
public import Vectors

extension VectorIndex {
    /// Writes the index to a file that `init(contentsOf:)` reads: Faiss's own data in an envelope with the ids,
    /// the metric and checksums.
    ///
    /// The file is there whole or not at all, and on the disk when the call returns; until then a file of this name
    /// stays as it was. Searches go on meanwhile.
    ///
    /// - Throws: ``FaissError`` with code `inputOutput`, `notTrained`, `damaged`.
    public func write(to url: URL) throws(FaissError) {
        try state.read { state throws(FaissError) in
            try state.checkUsable()
            switch state.native {
            case .none: throw FaissError(.notTrained, "the index is not trained")
            case .some(let native):
                let header = IndexFile.Header(
                    metric: metric,
                    // An IVF index stores the ids itself.
                    ids: state.labelsAreIDs ? nil : state.ids.explicitIDs,
                    nextID: state.ids.nextID
                )
                try IndexFile.write(header, to: url) { output throws(FaissError) in
                    try native.write(ids: nil, to: output)
                }
            }
        }
    }

    /// Reads an index that `write(to:)` wrote. Every byte is verified before Faiss sees the first.
    ///
    /// Memory: the file and the index at the same time, for as long as it takes.
    ///
    /// - Throws: ``FaissError`` with code `inputOutput`, `invalidFormat`, `tooLarge`.
    public convenience init(contentsOf url: URL) throws(FaissError) {
        self.init(try Contents(envelope: url))
    }

    /// Writes the index in Faiss's own format, for Faiss in other languages. Ids other than 0, 1, 2, … are kept in an
    /// `IndexIDMap2`; cosine becomes inner product over normalised vectors.
    ///
    /// The format has no checksum: use `write(to:)` for files of your own. As there, the file is there whole
    /// or not at all.
    ///
    /// - Throws: ``FaissError`` with code `inputOutput`, `notTrained`, `damaged`, or `unsupported` for an index with hidden
    ///   vectors, which the format can't tell from others.
    public func writeFaissFile(to url: URL) throws(FaissError) {
        try state.read { state throws(FaissError) in
            try state.checkUsable()
            try state.ids.checkExpressible()
            switch state.native {
            case .none: throw FaissError(.notTrained, "the index is not trained")
            case .some(let native):
                let ids = state.labelsAreIDs ? nil : state.ids.explicitIDs
                try withFaissError {
                    let file = try AtomicFile(replacing: url)
                    try native.write(ids: ids) { bytes throws(VectorError) in try file.write(bytes) }
                    try file.commit()
                }
            }
        }
    }

    /// Reads an index in Faiss's own format, such as `faiss.write_index` of Python's Faiss makes.
    ///
    /// What the builders of ``IndexDescription`` make can be read, with squared L2 or inner product, and `IndexIDMap` or
    /// `IndexIDMap2` around it; some other types become what is nearest to them, see <doc:FileFormats>. What can't be read
    /// is refused by Faiss's name for it. The structure of the file is verified before Faiss sees it, but the format has no
    /// checksum: a wrong number among the vectors goes unnoticed.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - metric: give `Metric.cosine` for an inner-product index whose vectors are normalised, so that queries are
    ///     normalised as well; nil takes what the file says.
    /// - Throws: ``FaissError`` with code `inputOutput`, `invalidFormat`, `unsupported`, `tooLarge`,
    ///   `invalidArgument` (a metric that is not the file's).
    public convenience init(faissFile url: URL, metric: Metric? = nil) throws(FaissError) {
        self.init(try Contents(faissFile: url, metric: metric))
    }

    // MARK: Off the cooperative pool

    /// As `write(to:)`, off the cooperative pool.
    public func write(to url: URL) async throws(FaissError) {
        try await runBlocking { _ throws(FaissError) in try self.write(to: url) }
    }

    /// As `init(contentsOf:)`, off the cooperative pool.
    public convenience init(contentsOf url: URL) async throws(FaissError) {
        self.init(try await runBlocking { _ throws(FaissError) in try Contents(envelope: url) })
    }

    /// As `writeFaissFile(to:)`, off the cooperative pool.
    public func writeFaissFile(to url: URL) async throws(FaissError) {
        try await runBlocking { _ throws(FaissError) in try self.writeFaissFile(to: url) }
    }

    /// As `init(faissFile:metric:)`, off the cooperative pool.
    public convenience init(faissFile url: URL, metric: Metric? = nil) async throws(FaissError) {
        self.init(try await runBlocking { _ throws(FaissError) in try Contents(faissFile: url, metric: metric) })
    }
}

extension VectorIndex {
    /// What a file held.
    struct Contents: Sendable {
        let dimension: Int
        let metric: Metric
        let state: ReadWriteLocked<State>

        init(envelope url: URL) throws(FaissError) {
            let (header, body) = try IndexFile.read(url)
            guard let metric = header.metric else {
                let path = url.path(percentEncoded: false)
                throw FaissError(.unsupported, "'\(path)' holds binary vectors: read it as a BinaryIndex")
            }
            try self.init(faissBytes: body, metric: metric, ids: header.ids, nextID: header.nextID)
        }

        init(faissFile url: URL, metric: Metric?) throws(FaissError) {
            let bytes = try withFaissError {
                let file = try InputFile(url)
                return try file.bytes(0..<file.size)
            }
            do throws(FaissError) {
                try self.init(faissBytes: bytes, metric: metric, ids: nil, nextID: 0)
            } catch {
                throw FaissError(error.code, "can't read '\(url.path(percentEncoded: false))': \(error.message)")
            }
        }

        /// - Parameter ids: the ids by position, nil where Faiss's data say all.
        private init(
            faissBytes: [UInt8],
            metric: Metric?,
            ids: [Int64]?,
            nextID: Int64?
        ) throws(FaissError) {
            try FaissFormat.verify(faissBytes)
            var map: [Int64]?
            let native = try NativeIndex(reading: faissBytes, ids: &map)
            let shape = try native.shape()
            guard let description = shape.description else {
                throw FaissError(.unsupported, "this type of Faiss index can't be read")
            }
            let nativeMetric: Metric = native.isInnerProduct ? .innerProduct : .squaredL2
            let metric = metric ?? nativeMetric
            guard metric == nativeMetric || metric == .cosine && nativeMetric == .innerProduct else {
                throw FaissError(.invalidArgument, "the index compares by \(nativeMetric), not by \(metric)")
            }
            try description.validate(metric: metric)
            var state = State(description: description)
            let explicit: [Int64]?
            if state.labelsAreIDs {
                explicit = try native.storedLabels().sorted()
            } else {
                // Lists inside of a refined index say which of the exact vectors is meant: each exactly once.
                if description.hasLists, try !native.storedLabels().sorted().elementsEqual(0..<Int64(native.count)) {
                    throw FaissError(.invalidFormat, "its inverted lists don't hold the refined index's vectors")
                }
                explicit = ids ?? map
            }
            state.ids = try IDMap(
                file: explicit,
                count: native.count,
                nextID: nextID,
                // Only our own file says so, and only a graph hides any.
                mayHide: ids != nil && !state.description.capabilities.freesRemovedVectors
            )
            dimension = native.dimension
            self.metric = metric
            state.native = consume native
            self.state = ReadWriteLocked(state)
        }
    }
}
