import Vectors

extension IndexCore {
    /// Adds the codes of another index over numbers, which was trained the same.
    func merge(_ other: IndexCore) throws(FaissError) {
        try checkMerging(other)
        // The two locks are never held at the same time: two indexes may be merged into each other.
        let (description, ids, contents) = try other.state.read { state throws(FaissError) in try state.contents() }
        try state.changing { () throws(FaissError) in
            try state.read { state throws(FaissError) in
                try state.withNative { native throws(FaissError) in
                    guard state.description == description else {
                        throw FaissError(.invalidArgument, "\(description) can't be merged into \(state.description)")
                    }
                    try state.checkRoom(for: ids.count)
                    if let part = try native.differingTraining(from: contents) {
                        throw FaissError(.invalidArgument, "the indexes were not trained the same: \(part) differs")
                    }
                    try state.ids.checkAppending(ids)
                }
            }
            if ids.isEmpty { return }
            try state.write { state throws(FaissError) in
                try state.native?.reserve(ids.count)
                try state.append(ids) { native throws(FaissError) in
                    try native?.append(contents, count: ids.count) ?? 0
                }
            }
        }
    }

    func checkMerging(_ other: IndexCore) throws(FaissError) {
        guard other.dimension == dimension else {
            throw FaissError(
                .dimensionMismatch,
                "an index of dimension \(other.dimension) can't be merged into one of \(dimension)"
            )
        }
        guard other.kind.metric == kind.metric else {
            func name(_ core: IndexCore) -> String { core.kind.metric.map { "\($0)" } ?? "different bits" }
            throw FaissError(
                .invalidArgument,
                "an index that compares by \(name(other)) can't be merged into one that compares by \(name(self))"
            )
        }
    }

    /// An index of its own with the same vectors.
    func copy() throws(FaissError) -> IndexCore {
        try state.read { state throws(FaissError) in
            try state.checkUndamaged()
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
    fileprivate func contents() throws(FaissError) -> (IndexDescription, [Int64], NativeContents) {
        try checkUsable()
        guard !description.hasGraph else {
            throw FaissError(
                .unsupported,
                "\(description) can't be merged: the links of a graph hold for its own vectors only, add them instead"
            )
        }
        return try withNative { native throws(FaissError) in
            let held = try native.shape().bytes
            try withFaissError { try checkMemory(bytes: held, for: "the codes of \(ids.count) vectors to merge") }
            return (description, ids.ids, try native.contents())
        }
    }
}
