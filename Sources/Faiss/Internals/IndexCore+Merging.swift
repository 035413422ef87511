import Vectors

extension IndexCore {
    /// Adds the codes of another index over numbers, which was trained the same.
    func merge(_ other: IndexCore) throws(VectorError) {
        try checkMerging(other)
        // The two locks are never held at the same time: two indexes may be merged into each other.
        let (description, ids, contents) = try other.state.read { state throws(VectorError) in try state.contents() }
        try state.changing { () throws(VectorError) in
            try state.read { state throws(VectorError) in
                try state.withNative { native throws(VectorError) in
                    guard state.description == description else {
                        throw VectorError(.invalidArgument, "\(description) can't be merged into \(state.description)")
                    }
                    try state.checkRoom(for: ids.count)
                    if let part = try native.differingTraining(from: contents) {
                        throw VectorError(.invalidArgument, "the indexes were not trained the same: \(part) differs")
                    }
                    try state.ids.checkAppending(ids)
                }
            }
            if ids.isEmpty { return }
            try state.write { state throws(VectorError) in
                try state.native?.reserve(ids.count)
                try state.append(ids) { native throws(VectorError) in
                    try native?.append(contents, count: ids.count) ?? 0
                }
            }
        }
    }

    func checkMerging(_ other: IndexCore) throws(VectorError) {
        guard other.dimension == dimension else {
            throw VectorError(
                .dimensionMismatch,
                "an index of dimension \(other.dimension) can't be merged into one of \(dimension)"
            )
        }
        guard other.kind.metric == kind.metric else {
            func name(_ core: IndexCore) -> String { core.kind.metric.map { "\($0)" } ?? "different bits" }
            throw VectorError(
                .invalidArgument,
                "an index that compares by \(name(other)) can't be merged into one that compares by \(name(self))"
            )
        }
    }

    /// An index of its own with the same vectors.
    func copy() throws(VectorError) -> IndexCore {
        try state.read { state throws(VectorError) in
            try state.checkUndamaged()
            try state.ids.checkInMemory()
            var copy = IndexState(description: state.description)
            copy.ids = state.ids
            switch state.native {
            case .none: break
            case .some(let native): copy.native = try native.copy()
            }
            return IndexCore(copy, dimension: dimension, kind: kind)
        }
    }
}

extension IndexState {
    fileprivate func contents() throws(VectorError) -> (IndexDescription, [Int64], NativeContents) {
        try checkUsable()
        try ids.checkInMemory()
        guard !description.hasGraph else {
            throw VectorError(
                .unsupported,
                "\(description) can't be merged: the links of a graph hold for its own vectors only, add them instead"
            )
        }
        return try withNative { native throws(VectorError) in
            let held = try native.shape().bytes
            try checkMemory(bytes: held, for: "the codes of \(ids.count) vectors to merge")
            return (description, ids.ids, try native.contents())
        }
    }
}
