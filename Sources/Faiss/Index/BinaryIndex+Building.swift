public import Vectors

extension BinaryIndex {
    /// Learns the centroids of the lists from a representative sample, without adding it: k-means over vectors of 1 and
    /// −1, whose centroids are rounded to bits.
    ///
    /// Memory: k-means works on 4 bytes a bit of the centroids and of 32,768 vectors at a time. Everything else is as in
    /// `VectorIndex/train(on:options:progress:)`.
    ///
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `tooFewTrainingVectors` (one a list is the least),
    ///   `invalidArgument`, `unsupported` (the index holds vectors), `cancelled`, `tooLarge`.
    public func train(
        on vectors: BinaryMatrix,
        options: TrainingOptions = TrainingOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) {
        try train(on: vectors, options: options, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// Adds vectors under the next free ids: 0, 1, 2, … in a new index. All or nothing, as
    /// `VectorIndex/add(_:threads:progress:)`.
    ///
    /// - Parameters:
    ///   - vectors: the vectors; none is fine.
    ///   - threads: how many threads may assign lists and link.
    ///   - progress: called after every batch.
    /// - Returns: the ids.
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notTrained`, `invalidArgument` (no ids are left),
    ///   `cancelled`, `tooLarge`, `damaged`.
    @discardableResult
    public func add(
        _ vectors: BinaryMatrix,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> Range<Int64> {
        try add(vectors, threads: threads, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// Adds vectors under ids of your own, each 0 or more, none in the index yet and none twice. All or nothing.
    ///
    /// - Throws: ``FaissError`` with code `duplicateID` and those of `add(_:threads:progress:)`.
    public func add(
        _ vectors: BinaryMatrix,
        ids: [Int64],
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) {
        try add(vectors, ids: ids, threads: threads, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// Removes vectors. An id that no vector has is ignored. A graph only hides them.
    ///
    /// Complexity: O(count) for one id as for many, so remove many at a time.
    ///
    /// - Returns: how many were removed.
    /// - Throws: ``FaissError`` with code `damaged`.
    @discardableResult
    public func remove(ids: some Sequence<Int64>) throws(FaissError) -> Int { try state.remove(Array(ids)) }

    /// The vectors with these ids, in this order, as they were added.
    ///
    /// Complexity: O(ids), in an IVF index O(count) for all of them together.
    ///
    /// - Throws: ``FaissError`` with code `unknownID`, `notTrained`, `damaged`, `tooLarge`.
    public func reconstruct(_ ids: [Int64]) throws(FaissError) -> BinaryMatrix {
        try state.read { state throws(FaissError) in
            try state.checkUsable()
            let labels = try state.labels(of: ids)
            let (size, overflow) = ids.count.multipliedReportingOverflow(by: dimension / 8)
            return try withFaissError {
                try checkMemory(bytes: overflow ? .max : size, for: "\(ids.count) vectors of \(dimension) bits")
                return switch state.native {
                case .none: throw FaissError(.notTrained, "the index is not trained")
                case .some(let native):
                    try BinaryMatrix(native.reconstruct(labels, rowBytes: dimension / 8), dimension: dimension)
                }
            }
        }
    }

    // MARK: Shared by the blocking and the async calls

    func train(on vectors: BinaryMatrix, options: TrainingOptions, watch: Watch) throws(FaissError) {
        try options.validate()
        try check(vectors)
        try state.changing { () throws(FaissError) in
            let description = try state.read { state throws(FaissError) in
                try state.descriptionForTraining(on: vectors.count, dimension: dimension, options: options)
            }
            guard let description else { return }
            try withFaissError {
                try checkMemory(
                    bytes: 3 * 4 * dimension * (description.listCount ?? 0),
                    for: "\(description.listCount ?? 0) centroids of \(dimension) dimensions"
                )
            }
            // Trained beside the index, which stays as it is until the new one is done.
            var trained: NativeBinaryIndex? = try NativeBinaryIndex(description, dimension: dimension)
            try vectors.bytes.withUnsafeBufferPointer { bytes throws(FaissError) in
                try trained?.train(bytes, options: options, watch: watch)
            }
            try watch.checkCancellation()
            state.write { state in
                state.native = trained.take()
                state.description = description
                state.damage = nil
            }
        }
    }

    func add(_ vectors: BinaryMatrix, threads: ThreadLimit, watch: Watch) throws(FaissError) -> Range<Int64> {
        let first = try add(vectors, under: .next, threads: threads, watch: watch)
        return first..<first + Int64(vectors.count)
    }

    func add(_ vectors: BinaryMatrix, ids: [Int64], threads: ThreadLimit, watch: Watch) throws(FaissError) {
        _ = try add(vectors, under: .given(ids), threads: threads, watch: watch)
    }

    private func add(
        _ vectors: BinaryMatrix,
        under ids: NewIDs,
        threads: ThreadLimit,
        watch: Watch
    ) throws(FaissError) -> Int64 {
        try check(vectors)
        let rowBytes = vectors.rowBytes
        return try vectors.bytes.withUnsafeBufferPointer { bytes throws(FaissError) in
            try state.add(vectors.count, ids: ids, threads: threads, watch: watch) { rows, body throws(FaissError) in
                try body(UnsafeBufferPointer(rebasing: bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]))
            }
        }
    }
}
