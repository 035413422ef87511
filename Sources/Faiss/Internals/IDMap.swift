import Vectors

/// The ids of an index's vectors, in the order of their positions.
///
/// Most indexes hold the ids 0, 1, 2, …, which take no memory here; ascending ids take 8 bytes each and are found by
/// binary search; only ids in another order need a hash table. Those in a file are not known here, only how large they can
/// be.
struct IDMap: Sendable {
    private enum Storage: Sendable {
        /// The id is the position.
        case identity(count: Int)
        case ascending([Int64])
        /// A removed position holds −1 and is not in the table.
        case hashed([Int64], positions: [Int64: Int])
        /// So many are in a file, none of them larger than `largest`. What was added to them since ascends.
        case inFile(count: Int, largest: Int64, added: [Int64])
    }

    private var storage: Storage
    /// The number of positions whose vector was removed but is still stored.
    private(set) var removedCount = 0
    /// The next id to give out: above all ids ever seen, so that none is ever used again. Nil when there is none left.
    private(set) var nextID: Int64?

    /// An empty map.
    init() {
        storage = .identity(count: 0)
        nextID = 0
    }

    /// A map of stored ids, in which −1 marks a removed position.
    ///
    /// - Throws: `duplicateID`, `invalidArgument` for an id below −1.
    init(stored ids: [Int64], nextID: Int64?) throws(VectorError) {
        self.init()
        if ids.contains(where: { $0 < 0 }) {
            var positions: [Int64: Int] = [:]
            positions.reserveCapacity(ids.count)
            for (position, id) in ids.enumerated() where id != -1 {
                guard id >= 0 else { throw VectorError(.invalidArgument, "id \(id) is negative") }
                guard positions.updateValue(position, forKey: id) == nil else {
                    throw VectorError(.duplicateID, "id \(id) occurs twice")
                }
            }
            removedCount = ids.count - positions.count
            storage = .hashed(ids, positions: positions)
            advanceNextID(past: ids)
        } else {
            try checkAppending(ids)
            append(ids)
        }
        advanceNextID(to: nextID)
    }

    /// A map of a file's ids of `count` vectors.
    ///
    /// - Parameters:
    ///   - ids: nil where an id is its position.
    ///   - mayHide: whether −1 may mark a hidden vector.
    /// - Throws: `invalidFormat`.
    init(file ids: [Int64]?, count: Int, nextID: Int64?, mayHide: Bool) throws(VectorError) {
        guard let ids else {
            self.init(identity: count, nextID: nextID)
            return
        }
        guard ids.count == count else {
            throw VectorError(.invalidFormat, "\(ids.count) ids don't fit \(count) vectors")
        }
        if !mayHide, let negative = ids.first(where: { $0 < 0 }) {
            throw VectorError(.invalidFormat, "id \(negative) is negative")
        }
        do throws(VectorError) {
            self = try IDMap(stored: ids, nextID: nextID)
        } catch {
            throw VectorError(.invalidFormat, error.message)
        }
    }

    /// A map of the ids 0..<count.
    init(identity count: Int, nextID: Int64?) {
        storage = .identity(count: count)
        self.nextID = Int64(count)
        advanceNextID(to: nextID)
    }

    /// A map of so many ids that are in a file, all below the next one.
    init(inFile count: Int, nextID: Int64?) {
        storage = .inFile(count: count, largest: nextID.map { $0 - 1 } ?? .max, added: [])
        self.nextID = nextID
    }

    /// The number of positions, removed ones included.
    var positionCount: Int {
        switch storage {
        case .identity(let count): count
        case .ascending(let ids), .hashed(let ids, _): ids.count
        case .inFile(let count, _, let added): count + added.count
        }
    }

    /// The number of vectors that can be found.
    var count: Int { positionCount - removedCount }

    /// The ids by position with −1 where the vector was removed, or nil where the id is the position or in a file.
    var explicitIDs: [Int64]? {
        switch storage {
        case .identity, .inFile: nil
        case .ascending(let ids), .hashed(let ids, _): ids
        }
    }

    /// The ids of all vectors that can be found, in the order of their positions, but those in a file.
    var ids: [Int64] {
        switch storage {
        case .identity(let count): (0..<Int64(count)).map { $0 }
        case .ascending(let ids): ids
        case .hashed(let ids, _): removedCount == 0 ? ids : ids.filter { $0 >= 0 }
        case .inFile(_, _, let added): added
        }
    }

    /// Where a vector is, or nil if no vector has the id, or only a file knows.
    func position(of id: Int64) -> Int? {
        switch storage {
        case .identity(let count): return id >= 0 && id < count ? Int(id) : nil
        case .ascending(let ids): return ids.position(of: id)
        case .hashed(_, let positions): return positions[id]
        case .inFile(let count, _, let added): return added.position(of: id).map { count + $0 }
        }
    }

    /// Refuses what needs to know all ids.
    func checkInMemory() throws(VectorError) {
        guard case .inFile(let count, _, _) = storage else { return }
        throw VectorError(
            .unsupported,
            "\(count) vectors of the index are in a file, which can only be searched, added to and written by writeLists(to:)"
        )
    }

    /// Refuses an id of which only a file knows whether there is such a vector.
    func checkInMemory(_ id: Int64) throws(VectorError) {
        guard case .inFile(_, let largest, _) = storage, id <= largest else { return }
        throw VectorError(
            .unsupported,
            "whether id \(id) is in the index only its file knows: ids up to \(largest) can't be looked up, added or removed"
        )
    }

    /// Refuses what Faiss's own format has no way to say.
    func checkExpressible() throws(VectorError) {
        guard removedCount == 0 else {
            throw VectorError(
                .unsupported,
                "the index hides \(removedCount) removed vectors, which Faiss's format can't express: "
                    + "build it anew without them"
            )
        }
    }

    /// Refuses ids that can't be added: negative, present, or twice among themselves.
    func checkAppending(_ ids: [Int64]) throws(VectorError) {
        for id in ids where id < 0 { throw VectorError(.invalidArgument, "id \(id) is negative") }
        if ascends(ids) { return }
        var seen = Set<Int64>(minimumCapacity: ids.count)
        for id in ids {
            try checkInMemory(id)
            guard position(of: id) == nil else { throw VectorError(.duplicateID, "id \(id) is in the index already") }
            guard seen.insert(id).inserted else { throw VectorError(.duplicateID, "id \(id) is given twice") }
        }
    }

    /// Adds ids at the following positions; they have passed ``checkAppending(_:)``.
    mutating func append(_ ids: [Int64]) {
        guard let last = ids.last else { return }
        if case .identity(let count) = storage, ascends(ids), ids[0] == count, last == count + ids.count - 1 {
            storage = .identity(count: count + ids.count)
        } else if case .inFile(let count, let largest, var added) = storage {
            let isOrdered = ascends(ids)
            storage = .identity(count: 0)
            added.append(contentsOf: ids)
            if !isOrdered { added.sort() }
            storage = .inFile(count: count, largest: largest, added: added)
        } else if ascends(ids) {
            var all = explicitIDs ?? self.ids
            storage = .identity(count: 0)  // Gives up the other reference, so that appending does not copy.
            all.append(contentsOf: ids)
            storage = .ascending(all)
        } else {
            var (all, positions) = hashedStorage()
            storage = .identity(count: 0)
            for id in ids {
                positions[id] = all.count
                all.append(id)
            }
            storage = .hashed(all, positions: positions)
        }
        advanceNextID(past: ids)
    }

    /// Removes vectors and moves later ones up, as an index does that closes its gaps.
    mutating func removeClosingGaps(_ removed: Set<Int64>) {
        let kept = ids.filter { !removed.contains($0) }
        if case .inFile(let count, let largest, _) = storage {
            storage = .inFile(count: count, largest: largest, added: kept)
            return
        }
        if case .hashed = storage {
            var positions: [Int64: Int] = [:]
            positions.reserveCapacity(kept.count)
            for (position, id) in kept.enumerated() { positions[id] = position }
            storage = .hashed(kept, positions: positions)
        } else {
            storage = kept.isEmpty ? .identity(count: 0) : .ascending(kept)
        }
    }

    /// Marks vectors as removed that stay in their positions.
    mutating func removeLeavingGaps(_ removed: Set<Int64>) {
        var (all, positions) = hashedStorage()
        storage = .identity(count: 0)
        for id in removed {
            guard let position = positions.removeValue(forKey: id) else { continue }
            all[position] = -1
            removedCount += 1
        }
        storage = .hashed(all, positions: positions)
    }

    /// Whether ids ascend strictly and follow all ids so far, in a storage that ascends as well.
    private func ascends(_ ids: [Int64]) -> Bool {
        switch storage {
        case .identity(let count): if let first = ids.first, first < count { return false }
        case .ascending(let all): if let first = ids.first, let last = all.last, first <= last { return false }
        case .inFile(_, let largest, let all):
            if let first = ids.first, first <= max(largest, all.last ?? -1) { return false }
        case .hashed: return false
        }
        return zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }
    }

    private func hashedStorage() -> (ids: [Int64], positions: [Int64: Int]) {
        if case .hashed(let all, let positions) = storage { return (all, positions) }
        let all = ids
        var positions: [Int64: Int] = [:]
        positions.reserveCapacity(all.count)
        for (position, id) in all.enumerated() { positions[id] = position }
        return (all, positions)
    }

    private mutating func advanceNextID(past ids: [Int64]) {
        if let largest = ids.max() { advanceNextID(to: largest == .max ? nil : largest + 1) }
    }

    private mutating func advanceNextID(to candidate: Int64?) {
        guard let current = nextID else { return }
        nextID = candidate.map { max(current, $0) }
    }
}
