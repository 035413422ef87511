import Vectors

extension IndexCore {
    func train<Vectors: IndexableVectors>(
        on vectors: Vectors,
        options: TrainingOptions,
        watch: Watch
    ) throws(VectorError) {
        try options.validate()
        try withChecked(vectors, areStored: true) { vectors throws(VectorError) in
            try state.changing { () throws(VectorError) in
                let count = vectors.count / rowBytes
                let description = try state.read { state throws(VectorError) in
                    try state.descriptionForTraining(on: count, options: options)
                }
                guard let description else { return }
                if kind.areBits {
                    let lists = description.listCount ?? 0
                    try checkMemory(
                        bytes: 3 * 4 * dimension * lists,
                        for: "\(lists) centroids of \(dimension) dimensions"
                    )
                }
                // Trained beside the index, which stays as it is until the new one is done.
                var trained: NativeIndex? = try NativeIndex(description, dimension: dimension, kind: kind)
                try withPrepared(0..<count, of: vectors) { prepared throws(VectorError) in
                    try trained?.train(prepared, options: options, watch: watch)
                }
                try watch.checkCancellation()
                state.write { state in
                    state.native = trained.take()
                    state.description = description
                    state.damage = nil
                }
            }
        }
    }

    /// Adds vectors batch by batch; searches go on between batches. All or nothing: what was added is removed again where
    /// a batch fails.
    ///
    /// - Returns: the ids that were chosen here.
    @discardableResult
    func add<Vectors: IndexableVectors>(
        _ vectors: Vectors,
        under newIDs: NewIDs,
        threads: ThreadLimit,
        watch: Watch
    ) throws(VectorError) -> Range<Int64> {
        try withChecked(vectors, areStored: true) { vectors throws(VectorError) in
            let count = vectors.count / rowBytes
            return try state.changing { () throws(VectorError) in
                let (chosen, ids) = try state.read { state throws(VectorError) in
                    try state.checkUsable()
                    try state.checkRoom(for: count)
                    return try newIDs.choose(count, in: state.ids)
                }
                let batch = state.read { $0.description.addingBatch }
                for start in stride(from: 0, to: count, by: batch) {
                    let rows = start..<min(start + batch, count)
                    do throws(VectorError) {
                        try watch.checkCancellation()
                        try withPrepared(rows, of: vectors) { prepared throws(VectorError) in
                            try state.write { state throws(VectorError) in
                                if start == 0 { try state.native?.reserve(count) }
                                try state.append(prepared, ids: Array(ids[rows]), threads: threads)
                            }
                        }
                    } catch {
                        try state.write { state throws(VectorError) in
                            if state.damage == nil, start > 0 { try state.remove(Array(ids[..<start])) }
                        }
                        throw error
                    }
                    watch.progress?(OperationProgress(completed: rows.upperBound, total: count))
                }
                return chosen
            }
        }
    }

    /// Puts vectors in the place of those that have these ids, in one step for searches.
    func replace<Vectors: IndexableVectors>(
        _ vectors: Vectors,
        ids: [Int64],
        threads: ThreadLimit,
        watch: Watch
    ) throws(VectorError) {
        try withChecked(vectors, areStored: true) { vectors throws(VectorError) in
            try checkCount(ids, vectors: vectors.count / rowBytes)
            try state.changing { () throws(VectorError) in
                try state.read { state throws(VectorError) in
                    try state.checkUsable()
                    _ = try state.labels(of: ids)
                    var seen = Set<Int64>(minimumCapacity: ids.count)
                    for id in ids where !seen.insert(id).inserted {
                        throw VectorError(.duplicateID, "id \(id) is given twice")
                    }
                    if !state.description.capabilities.freesRemovedVectors { try state.checkRoom(for: ids.count) }
                }
                try watch.checkCancellation()
                if ids.isEmpty { return }
                try withPrepared(0..<ids.count, of: vectors) { prepared throws(VectorError) in
                    try state.write { state throws(VectorError) in
                        // Room is made first: if there is none, nothing is lost.
                        try state.native?.reserve(ids.count)
                        try state.remove(ids)
                        try state.append(prepared, ids: ids, threads: threads)
                    }
                }
            }
        }
    }

    /// Removes vectors, ignoring ids that no vector has, and returns how many were removed.
    func remove(_ ids: [Int64]) throws(VectorError) -> Int {
        try state.changing { () throws(VectorError) in
            try state.write { state throws(VectorError) in
                if state.native == nil, state.damage == nil { return 0 }  // Nothing was ever added.
                try state.checkUsable()
                return try state.remove(ids)
            }
        }
    }
}
