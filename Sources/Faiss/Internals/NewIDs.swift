import Vectors

/// Which ids new vectors get.
enum NewIDs {
    case next
    case given([Int64])

    /// The ids for so many vectors; those that were chosen here also as a range, which is empty otherwise.
    func choose(_ count: Int, in map: IDMap) throws(VectorError) -> (chosen: Range<Int64>, ids: [Int64]) {
        switch self {
        case .next:
            guard let first = map.nextID, first <= Int64.max - Int64(count) else {
                throw VectorError(.invalidArgument, "no \(count) ids are left: the largest so far is the last")
            }
            let chosen = first..<first + Int64(count)
            return (chosen, Array(chosen))
        case .given(let ids):
            try checkCount(ids, vectors: count)
            try map.checkAppending(ids)
            return (0..<0, ids)
        }
    }
}
