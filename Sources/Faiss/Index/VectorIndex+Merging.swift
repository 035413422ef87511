import Vectors

extension VectorIndex {
    /// Takes in all vectors of another index, under their ids, without decoding and encoding them. Faiss: `merge_from`,
    /// which empties the other index; here it stays as it is.
    ///
    /// Both must have been trained the same, to the bit: train one, write it, and read it as often as there are parts to
    /// be filled; or use a type that needs no training. The result is the same as if all vectors had been added to one
    /// index. What `pca`, `opq` and other builders nest is merged with them; a graph is not.
    ///
    /// All or nothing: if the call throws, nothing was taken in; where memory runs out in the middle of it, the index is
    /// `damaged`, as after an `add`. Searches of both go on but for the moments in which the vectors are copied. The other
    /// index's codes are in memory once more until the call returns.
    ///
    /// Complexity: O(count of both).
    ///
    /// - Parameter other: an index of the same kind, dimension, metric and training, that has none of this index's ids.
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `invalidArgument` (another kind, metric or training, with
    ///   the part that differs), `duplicateID`, `unsupported` (HNSW), `notTrained`, `tooLarge`, `damaged`.
    public func merge(_ other: VectorIndex) throws(FaissError) {
        guard other.dimension == dimension else {
            throw FaissError(
                .dimensionMismatch,
                "an index of dimension \(other.dimension) can't be merged into one of \(dimension)"
            )
        }
        guard other.metric == metric else {
            throw FaissError(
                .invalidArgument,
                "an index that compares by \(other.metric) can't be merged into one that compares by \(metric)"
            )
        }
        // The two locks are never held at the same time: two indexes may be merged into each other.
        let (description, ids, contents) = try other.state.read { state throws(FaissError) in
            try state.contents()
        }
        try state.merge(contents, ids: ids, description: description)
    }

    /// As `merge(_:)`, off the cooperative pool.
    public func merge(_ other: VectorIndex) async throws(FaissError) {
        try await runBlocking { _ throws(FaissError) in try self.merge(other) }
    }
}

extension IndexState<NativeIndex> {
    fileprivate func contents() throws(FaissError) -> (IndexDescription, [Int64], NativeContents) {
        try checkUsable()
        guard !description.hasGraph else {
            throw FaissError(
                .unsupported,
                "\(description) can't be merged: the links of a graph hold for its own vectors only, add them instead"
            )
        }
        switch native {
        case .none: throw FaissError(.notTrained, "the index \(description) is not trained")
        case .some(let native):
            let held = try native.shape().bytes
            try withFaissError { try checkMemory(bytes: held, for: "the codes of \(ids.count) vectors to merge") }
            return (description, ids.ids, try native.contents())
        }
    }
}

extension ReadWriteLocked<IndexState<NativeIndex>> {
    fileprivate func merge(
        _ contents: NativeContents,
        ids: [Int64],
        description: IndexDescription
    ) throws(FaissError) {
        try changing { () throws(FaissError) in
            try read { state throws(FaissError) in
                try state.checkUsable()
                guard state.description == description else {
                    throw FaissError(.invalidArgument, "\(description) can't be merged into \(state.description)")
                }
                try state.checkRoom(for: ids.count)
                switch state.native {
                case .none: break
                case .some(let native):
                    if let part = try native.differingTraining(from: contents) {
                        throw FaissError(.invalidArgument, "the indexes were not trained the same: \(part) differs")
                    }
                }
                try state.ids.checkAppending(ids)
            }
            if ids.isEmpty { return }
            try write { state throws(FaissError) in
                try state.native?.reserve(ids.count)
                try state.append(ids) { native throws(FaissError) in
                    try native?.append(contents, count: ids.count) ?? 0
                }
            }
        }
    }
}
