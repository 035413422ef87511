import Synchronization
import Vectors

extension IndexCore {
    /// Searches for a batch of queries, block by block.
    ///
    /// The lock is held for a block at a time: between them changes get their turn, and the progress handler is called
    /// while it is free, so that it may use the index.
    func search<Component>(
        _ queries: [Component],
        for goal: SearchGoal,
        options: SearchOptions,
        watch: Watch
    ) throws(VectorError) -> NeighborLists {
        let goal = try kind.validated(goal, dimension: dimension)
        return try withChecked(queries, areStored: false) { queries throws(VectorError) in
            try options.validate()
            let count = queries.count / rowBytes
            let blockSize = try state.read { state throws(VectorError) in
                try state.checkUsable()
                try state.description.check(goal)
                let plan = SearchPlan(goal, options: options, description: state.description, ids: state.ids)
                try plan.checkResultSize(count)
                return plan.blockSize
            }
            if count == 0 { return NeighborLists() }
            let blocks = Blocks(count, size: blockSize, threads: options.threads)
            let found = Mutex([NeighborLists?](repeating: nil, count: blocks.count))
            try blocks.run(watch: watch) { number, rows throws(VectorError) in
                let lists = try withPrepared(rows, of: queries) { block throws(VectorError) in
                    try state.read { state throws(VectorError) in
                        try state.find(block, rows: rows.count, for: goal, options: options, kind: kind)
                    }
                }
                found.withLock { $0[number] = lists }
            }
            let lists = found.withLock { $0 }
            if lists.count == 1, let only = lists[0] { return only }
            let size = lists.reduce(0) { $0 + ($1?.neighbors.count ?? 0) }
            var all = NeighborLists(minimumCapacity: count, neighbors: size)
            for list in lists { if let list { all.append(contentsOf: list) } }
            return all
        }
    }

    func search<Component>(
        one query: [Component],
        for goal: SearchGoal,
        options: SearchOptions
    ) throws(VectorError) -> [Neighbor] {
        try check(query)
        return try search(query, for: goal, options: options, watch: Watch()).neighbors
    }

    /// The stored vectors with these ids, row after row.
    func reconstruct<Vectors: IndexableVectors>(_ ids: [Int64]) throws(VectorError) -> Vectors {
        try state.read { state throws(VectorError) in
            try state.withNative { native throws(VectorError) in
                let labels = try state.labels(of: ids)
                let (size, overflow) = ids.count.multipliedReportingOverflow(by: rowBytes)
                return try withVectorError {
                    try checkMemory(bytes: overflow ? .max : size, for: "\(ids.count) \(kind.vectors(dimension))")
                    let count = size / MemoryLayout<Vectors.Component>.stride
                    let components = try [Vectors.Component](unsafeUninitializedCapacity: count) { buffer, filled in
                        try native.reconstruct(labels, into: buffer.baseAddress)
                        filled = count
                    }
                    return try Vectors(components, dimension: dimension)
                }
            }
        }
    }
}

extension IndexState {
    /// Searches for a block of prepared queries.
    fileprivate func find(
        _ queries: UnsafeRawBufferPointer,
        rows: Int,
        for goal: SearchGoal,
        options: SearchOptions,
        kind: VectorKind
    ) throws(VectorError) -> NeighborLists {
        try withNative { native throws(VectorError) in
            let plan = SearchPlan(goal, options: options, description: description, ids: ids)
            var lists = NeighborLists(minimumCapacity: rows, neighbors: rows * plan.k)
            if ids.count == 0 {
                for _ in 0..<rows { lists.append(EmptyCollection()) }
                return lists
            }
            try withOptionalBuffer(of: explicitIDs) { ids throws(VectorError) in
                let parameters = SearchParameters(
                    probes: plan.probes,
                    ef: plan.ef,
                    refinement: options.refinement ?? 0,
                    threads: options.threads,
                    filter: options.filter,
                    externalIDs: ids,
                    hasRemoved: self.ids.removedCount > 0
                )
                // Binary indexes translate labels to ids themselves.
                let ids = kind.areBits ? nil : ids
                var list: [Neighbor] = []
                func append(_ labels: some Collection<Int64>, _ distances: some Collection<Float>) {
                    list.removeAll(keepingCapacity: true)
                    for (label, distance) in zip(labels, distances) where label >= 0 {
                        list.append(Neighbor(id: ids.map { $0[Int(label)] } ?? label, distance: kind.clamped(distance)))
                    }
                    list.sort(by: kind.isBefore)
                    lists.append(list)
                }
                switch goal {
                case .nearest:
                    let k = plan.k
                    var distances = [Float](repeating: 0, count: rows * k)
                    var labels = [Int64](repeating: -1, count: rows * k)
                    try native.search(queries, k: k, parameters: parameters, distances: &distances, labels: &labels)
                    for start in stride(from: 0, to: rows * k, by: k) {
                        append(labels[start..<start + k], distances[start..<start + k])
                    }
                case .within(let radius):
                    try native.search(queries, within: radius, parameters: parameters) { labels, distances in
                        append(labels, distances)
                    }
                }
            }
            return lists
        }
    }
}
