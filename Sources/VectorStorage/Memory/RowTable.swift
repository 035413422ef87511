import Faiss
import Foundation
import Synchronization
import Vectors

/// All rows of a collection: what searches and conditions read. A row has a slot, in the order of writing; replacing or
/// deleting a row ends its slot, and a new row gets a new one.
///
/// Rows are in memory, in chunks. In a collection that is larger than its memory may be, or has just been opened, the first
/// chunks are not: a row file has what conditions need of them, and the database their vectors and keys.
///
/// A value with shared leaves: copies are cheap, and a copy keeps seeing the slots that it had. One writer at a time
/// appends to the newest copy; older copies never read the slots that were added since. Metadata's texts are not
/// here but in the database.
struct RowTable: Sendable {
    /// The most different field names of a collection.
    static let maximumColumnCount = 1024

    let dimension: Int
    let metric: Metric
    /// Slots a chunk: a multiple of 64, so that a chunk of vectors takes about a mebibyte at most.
    let chunkCapacity: Int
    /// What hashes of texts are made by.
    let hasher: TextHasher
    /// The first rows, if they are in a file.
    let filed: FiledRows?
    /// The number of slots whose rows are in a file.
    let filedCount: Int
    private let filedChunks: Int
    /// The chunks in memory.
    private var chunks: [Chunk] = []
    /// The columns of the chunks in memory.
    private var columns: [String: MetadataColumn] = [:]
    /// The number of slots.
    private(set) var count = 0

    /// The rows of a range of slots.
    ///
    /// `@unchecked Sendable`: as in ``MetadataColumn/Part``, a slot is written before it is published and never again,
    /// but for `ends`, which are atomic.
    final class Chunk: @unchecked Sendable {
        let ids: UnsafeMutablePointer<Int64>
        /// The sequence number of the change that ended the row, `Int64.max` while it is there.
        let ends: UnsafeMutablePointer<Atomic<Int64>>
        let checksums: UnsafeMutablePointer<UInt32>
        let vectors: UnsafeMutablePointer<Float>
        /// Where the vectors are, those of the chunks beside this one, too.
        private let memory: PageMemory
        /// What makes the vector's length 1, where the metric is cosine.
        let scales: UnsafeMutablePointer<Float>
        let keys: UnsafeMutablePointer<VectorKey>
        private let capacity: Int
        fileprivate var count = 0

        /// - Parameter place: which of the memory's chunks it is.
        init(capacity: Int, dimension: Int, memory: PageMemory, place: Int) {
            self.capacity = capacity
            self.memory = memory
            let values = capacity * dimension
            vectors = (memory.start + place * values * MemoryLayout<Float>.stride)
                .bindMemory(to: Float.self, capacity: values)
            ids = .allocate(capacity: capacity)
            ends = .allocate(capacity: capacity)
            for slot in 0..<capacity { (ends + slot).initialize(to: Atomic(.max)) }
            checksums = .allocate(capacity: capacity)
            scales = .allocate(capacity: capacity)
            keys = .allocate(capacity: capacity)
        }

        deinit {
            keys.deinitialize(count: count)
            keys.deallocate()
            scales.deallocate()
            checksums.deallocate()
            ends.deinitialize(count: capacity)
            ends.deallocate()
            ids.deallocate()
        }
    }

    /// - Parameter filed: the first rows, of a file that fits the dimension.
    init(dimension: Int, metric: Metric, hasher: TextHasher = TextHasher(), filed: FiledRows? = nil) {
        self.dimension = dimension
        self.metric = metric
        self.hasher = filed?.file.hasher ?? hasher
        self.filed = filed
        chunkCapacity = Self.chunkCapacity(dimension: dimension)
        filedCount = filed?.count ?? 0
        filedChunks = filedCount / chunkCapacity
        count = filedCount
    }

    static func chunkCapacity(dimension: Int) -> Int {
        var capacity = 1024
        while capacity > 64, capacity * dimension * MemoryLayout<Float>.size > 1 << 20 { capacity /= 2 }
        return capacity
    }

    /// Where a row that is in memory is.
    func chunk(of slot: Int) -> (chunk: Chunk, place: Int) {
        let (number, place) = slot.quotientAndRemainder(dividingBy: chunkCapacity)
        return (chunks[number - filedChunks], place)
    }

    // MARK: Reading

    func id(_ slot: Int) -> Int64 {
        if let filed, slot < filed.count { return filed.file.id(slot) }
        let (chunk, place) = chunk(of: slot)
        return chunk.ids[place]
    }

    /// The key of a row in memory.
    func key(_ slot: Int) -> VectorKey {
        let (chunk, place) = chunk(of: slot)
        return chunk.keys[place]
    }

    /// The checksum of a row in memory.
    func checksum(_ slot: Int) -> UInt32 {
        let (chunk, place) = chunk(of: slot)
        return chunk.checksums[place]
    }

    /// The vector of a row in memory.
    func vector(_ slot: Int) -> UnsafeBufferPointer<Float> {
        let (chunk, place) = chunk(of: slot)
        return UnsafeBufferPointer(start: chunk.vectors + place * dimension, count: dimension)
    }

    /// Whether the row is there in the state with this sequence number.
    func isVisible(_ slot: Int, at sequence: Int64) -> Bool {
        if let filed, slot < filed.count { return filed.isVisible(slot, at: sequence) }
        let (chunk, place) = chunk(of: slot)
        return chunk.ends[place].load(ordering: .relaxed) > sequence
    }

    /// The slot of the row with this id, which ascend with the slots.
    func slot(ofID id: Int64) -> Int? {
        let slot = firstSlot(fromID: id)
        return slot < count && self.id(slot) == id ? slot : nil
    }

    /// The same, for a row that is likely to be as many slots from another as their ids are apart.
    func slot(ofID id: Int64, near known: Int) -> Int? {
        guard known < count else { return slot(ofID: id) }
        let guess = known &+ Int(id &- self.id(known))
        return (0..<count).contains(guess) && self.id(guess) == id ? guess : slot(ofID: id)
    }

    /// The first slot whose row's id is this or more.
    func firstSlot(fromID id: Int64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self.id(middle) < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The ids of those rows in a range of slots, as an index takes them.
    func filter(for rows: RowSet, in slots: Range<Int>) -> IDFilter {
        guard !slots.isEmpty else { return .ids([]) }
        let range = id(slots.lowerBound)..<id(slots.upperBound - 1) + 1
        // Ids have gaps where batches failed or a compaction removed rows: a bit for each id takes more memory then.
        guard range.count / 64 <= slots.count else {
            return .ids(rows.slots(in: slots).map(id))
        }
        var bits = [UInt64](repeating: 0, count: range.count / 64 + 2)
        for first in stride(from: slots.lowerBound / 64 * 64, to: slots.upperBound, by: 64) {
            let word = rows.word(at: first, in: slots)
            guard word != 0 else { continue }
            let last = min(first + 64, slots.upperBound) - 1
            let start = max(first, slots.lowerBound)
            let place = Int(id(start) - range.lowerBound)
            if id(last) - id(start) == Int64(last - start) {
                // Written one after the other: the slots' bits are the ids', moved.
                let moved = word >> UInt64(start - first)
                bits[place / 64] |= moved << UInt64(place % 64)
                if place % 64 != 0 { bits[place / 64 + 1] |= moved >> UInt64(64 - place % 64) }
                continue
            }
            rows.forEach(in: start..<last + 1) { slot in
                let place = Int(id(slot) - range.lowerBound)
                bits[place / 64] |= 1 << UInt64(place % 64)
            }
        }
        return .bits(bits, of: range)
    }

    /// The rows that are there in the state with this sequence number.
    func visible(at sequence: Int64) -> RowSet {
        var result = RowSet(capacity: count, full: true)
        filed?.removeEnded(at: sequence, from: &result)
        for first in stride(from: filedCount, to: count, by: 64) {
            let (chunk, place) = chunk(of: first)
            let ends = chunk.ends + place
            var word: UInt64 = 0
            for slot in 0..<min(64, count - first) where ends[slot].load(ordering: .relaxed) > sequence {
                word |= 1 << UInt64(slot)
            }
            result.setWord(word, at: first)
        }
        return result
    }

    /// The values of a field, of all chunks; nil where no row has any.
    func column(_ field: String) throws(VectorError) -> MetadataColumn? {
        guard let first = try filed?.file.column(field) else { return columns[field] }
        return first.joined(with: columns[field], from: filedChunks)
    }

    /// The names of the fields that rows, there or not, have.
    var fields: Set<String> { Set(columns.keys).union(filed?.file.directory.columns.keys ?? [:].keys) }

    /// The rows, there or not, that a condition holds for.
    func matches(_ condition: MetadataCondition) throws(VectorError) -> RowSet {
        var operands: [RowSet] = []
        for node in condition.nodes {
            switch node {
            case .oneOf(let field, _), .range(let field, _), .contains(let field, _), .exists(let field):
                operands.append(
                    try column(field)?.matches(node, count: count, chunkCapacity: chunkCapacity, hasher: hasher)
                        ?? RowSet(capacity: count)
                )
            case .not: operands[operands.count - 1].complement()
            case .and:
                let second = operands.removeLast()
                operands[operands.count - 1].formIntersection(second)
            case .or:
                let second = operands.removeLast()
                operands[operands.count - 1].formUnion(second)
            }
        }
        return operands[0]
    }

    /// The bytes of memory that slots take, without the text of long keys.
    var memorySize: Int {
        let slot = dimension * 4 + 8 + 8 + 4 + 4 + MemoryLayout<VectorKey>.stride
        let parts = columns.values.reduce(0) { $0 + $1.parts.lazy.filter { $0 != nil }.count }
        return (chunks.count * slot + parts * 9) * chunkCapacity + (filed?.memorySize ?? 0)
    }

    // MARK: Writing

    /// Makes sure that these field names fit beside the known ones. Where they don't, names that none of the remaining
    /// rows has are removed.
    mutating func makeRoom(
        forColumns names: some Sequence<String>,
        among rows: () -> RowSet
    ) throws(VectorError) {
        var new = Set<String>()
        var known = fields
        for name in names where !known.contains(name) { new.insert(name) }
        if known.count + new.count > Self.maximumColumnCount {
            let rows = rows()
            for name in known {
                var having = try matches(.exists(name))
                having.formIntersection(rows)
                guard having.count == 0 else { continue }
                known.remove(name)
                columns[name] = nil
            }
            for name in names where !known.contains(name) { new.insert(name) }
        }
        guard known.count + new.count <= Self.maximumColumnCount else {
            throw VectorError(
                .invalidArgument,
                "the collection would have \(known.count + new.count) different field names, "
                    + "more than \(Self.maximumColumnCount)"
            )
        }
    }

    /// Makes room for rows, which must be there before they are appended: in one piece, so that many take few large pages,
    /// and no fewer than fill one where there are many already.
    mutating func reserveCapacity(forMore rows: Int) throws(VectorError) {
        // A damaged catalogue may name any number: checked before what is computed with it could overflow.
        let (bytes, isTooMuch) = rows.multipliedReportingOverflow(by: dimension * MemoryLayout<Float>.size)
        try checkMemory(bytes: isTooMuch ? .max : bytes, for: "\(rows) vectors of \(dimension) numbers")
        let missing = (count + rows + chunkCapacity - 1) / chunkCapacity - filedChunks - chunks.count
        guard missing > 0 else { return }
        let size = chunkCapacity * dimension * MemoryLayout<Float>.size
        let new = max(missing, min(chunks.count, PageMemory.largePage / size))
        let memory = try PageMemory(
            byteCount: new * size,
            for: "\(new * chunkCapacity) vectors of \(dimension) numbers"
        )
        for place in 0..<new {
            chunks.append(Chunk(capacity: chunkCapacity, dimension: dimension, memory: memory, place: place))
        }
    }

    /// Adds a row, for which there is room; `fields` passes its metadata on. Its id is above all others.
    @discardableResult
    mutating func append<Failure: Error>(
        id: Int64,
        key: VectorKey,
        vector: UnsafeRawBufferPointer,
        checksum: UInt32,
        fields: ((String, MetadataValue) -> Void) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        let slot = count
        let (chunk, place) = chunk(of: slot)
        let number = slot / chunkCapacity
        var columns = self.columns
        self.columns = [:]  // Only one reference, so that a new part does not copy all.
        defer { self.columns = columns }
        try fields { name, value in
            columns[name, default: MetadataColumn()].part(number, capacity: chunkCapacity)
                .set(value, at: place, hasher: hasher)
        }
        let start = chunk.vectors + place * dimension
        UnsafeMutableRawBufferPointer(start: start, count: dimension * 4).copyMemory(from: vector)
        chunk.scales[place] = metric == .cosine ? inverseLength(UnsafeBufferPointer(start: start, count: dimension)) : 1
        chunk.ids[place] = id
        chunk.checksums[place] = checksum
        (chunk.keys + place).initialize(to: key)
        chunk.count = place + 1
        count += 1
        return slot
    }

    /// Ends a row by the change with this sequence number.
    func end(_ slot: Int, at sequence: Int64, checksum: UInt32) {
        if let filed, slot < filed.count {
            filed.end(slot, at: sequence, checksum: checksum)
        } else {
            let (chunk, place) = chunk(of: slot)
            chunk.ends[place].store(sequence, ordering: .relaxed)
        }
    }

    /// A table of the rows in the set alone, all of which are in memory.
    func copy(of rows: RowSet) throws(VectorError) -> RowTable {
        var table = RowTable(dimension: dimension, metric: metric, hasher: hasher)
        try table.append(rows.slots(in: 0..<count), of: self)
        return table
    }

    /// Adds rows of another table with the same hashes, which are in memory there and have ids above all here.
    mutating func append(_ slots: [Int], of other: RowTable) throws(VectorError) {
        try reserveCapacity(forMore: slots.count)
        let first = count
        for slot in slots {
            append(
                id: other.id(slot),
                key: other.key(slot),
                vector: UnsafeRawBufferPointer(other.vector(slot)),
                checksum: other.checksum(slot)
            ) { _ in }
        }
        for (name, column) in other.columns {
            var copied = columns[name] ?? MetadataColumn()
            for (place, slot) in zip(first..., slots) {
                let (number, old) = slot.quotientAndRemainder(dividingBy: chunkCapacity)
                guard number < column.parts.count, let part = column.parts[number],
                    part.kinds[old] != MetadataColumn.Kind.absent.rawValue
                else { continue }
                let (newNumber, new) = place.quotientAndRemainder(dividingBy: chunkCapacity)
                part.copy(old, to: copied.part(newNumber, capacity: chunkCapacity), at: new)
            }
            if !copied.parts.isEmpty { columns[name] = copied }
        }
    }

    // MARK: Files

    /// The number of slots in full chunks, which a row file can take.
    var fullChunksCount: Int { count / chunkCapacity * chunkCapacity }

    /// Writes a row file of all full chunks.
    ///
    /// - Returns: the checksum of its directory.
    func write(to url: URL, collection: Int64) throws(VectorError) -> UInt32 {
        var writer = try RowFileWriter(url, collection: collection, continuing: self)
        try append(to: &writer)
        return try writer.commit()
    }

    /// Adds the full chunks that are in memory to a row file.
    func append(to writer: inout RowFileWriter) throws(VectorError) {
        for number in filedChunks..<count / chunkCapacity {
            let parts = columns.compactMap { name, column in
                number < column.parts.count ? column.parts[number].map { (name: name, part: $0) } : nil
            }
            try writer.append(chunks[number - filedChunks], parts: parts, hasher: hasher)
        }
    }

    /// The number of the change that ended a row in memory; nil while it is there.
    func ended(at slot: Int) -> Int64? {
        let (chunk, place) = chunk(of: slot)
        let end = chunk.ends[place].load(ordering: .relaxed)
        return end == .max ? nil : end
    }

    /// Rows up to an id that a change after this one has ended; that any has, if there is no number.
    func ended(after sequence: Int64? = nil, through id: Int64) -> [Int: FiledRows.Ended] {
        var ended = filed?.allEnded ?? [:]
        if let sequence { ended = ended.filter { $0.value.sequence > sequence && self.id($0.key) <= id } }
        for slot in filedCount..<max(filedCount, firstSlot(fromID: id + 1)) {
            let (chunk, place) = chunk(of: slot)
            let end = chunk.ends[place].load(ordering: .relaxed)
            if end > sequence ?? .min, end != .max {
                ended[slot] = FiledRows.Ended(sequence: end, checksum: chunk.checksums[place])
            }
        }
        return ended
    }

    /// The same rows in the same slots, those of a file that this table was written to in the file only.
    func filing(in file: RowFile) -> RowTable {
        var table = RowTable(
            dimension: dimension,
            metric: metric,
            filed: FiledRows(file, ended: ended(through: file.through))
        )
        let moved = table.filedChunks - filedChunks
        table.chunks = Array(chunks.dropFirst(moved))
        table.columns = columns.compactMapValues { $0.dropping(chunks: table.filedChunks) }
        table.count = count
        return table
    }
}
