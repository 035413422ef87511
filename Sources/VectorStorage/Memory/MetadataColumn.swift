import Vectors
import VectorsC

/// The values of one field, in the order of the slots of a ``RowTable``: what conditions are evaluated on.
///
/// Strings are held as 64-bit hashes, with a seed of the table's own, so that long texts take no memory: of a million
/// different strings two share a hash in one of 40 million tables.
struct MetadataColumn: Sendable {
    /// A part a chunk of the table; nil where no row of the chunk has the field.
    private(set) var parts: [Part?] = []

    /// What a slot holds.
    enum Kind: UInt8 {
        case absent = 0
        case null, bool, integer, double, date, string, strings
    }

    /// The values of one chunk.
    ///
    /// `@unchecked Sendable`: the table's one writer writes a slot before it publishes the slot, and never again, so that
    /// readers, which read published slots only, never read what is being written.
    final class Part: @unchecked Sendable {
        let kinds: UnsafeMutablePointer<UInt8>
        /// A number, a number's bits, a hash, or the address of a retained ``Hashes``.
        let payloads: UnsafeMutablePointer<Int64>
        private let capacity: Int

        init(capacity: Int) {
            self.capacity = capacity
            kinds = .allocate(capacity: capacity)
            kinds.initialize(repeating: 0, count: capacity)
            payloads = .allocate(capacity: capacity)
            payloads.initialize(repeating: 0, count: capacity)
        }

        var memorySize: Int { 9 * capacity }

        deinit {
            for slot in 0..<capacity where kinds[slot] == Kind.strings.rawValue {
                Unmanaged<Hashes>.fromOpaque(Self.address(payloads[slot])).release()
            }
            kinds.deallocate()
            payloads.deallocate()
        }

        func set(_ value: MetadataValue, at slot: Int, hasher: TextHasher) {
            guard case .strings(let strings) = value else {
                (kinds[slot], payloads[slot]) = cell(of: value, hasher: hasher)
                return
            }
            set(strings.map { hasher.hash($0) }, at: slot)
        }

        /// Sets the hashes of a list of strings.
        private func set(_ hashes: [Int64], at slot: Int) {
            kinds[slot] = Kind.strings.rawValue
            payloads[slot] = Int64(Int(bitPattern: Unmanaged.passRetained(Hashes(hashes)).toOpaque()))
        }

        /// As a row file has it: the kinds, the payloads, and lists of strings one after the other, whose payloads are 0.
        var bytes: [UInt8] {
            var writer = ByteWriter()
            writer.append(UnsafeRawBufferPointer(start: kinds, count: capacity))
            for slot in 0..<capacity { writer.append(kinds[slot] == Kind.strings.rawValue ? 0 : payloads[slot]) }
            for slot in 0..<capacity where kinds[slot] == Kind.strings.rawValue {
                withStrings(at: slot) { hashes in
                    writer.append(UInt64(hashes.count))
                    for hash in hashes { writer.append(hash) }
                }
            }
            return writer.bytes
        }

        /// Sets all slots of a new part to what a row file has.
        func read(_ bytes: [UInt8]) throws(VectorError) {
            guard bytes.count >= 9 * capacity, bytes[..<capacity].allSatisfy({ Kind(rawValue: $0) != nil }) else {
                throw VectorError(.damaged, "a column of a row file is not in its format")
            }
            var lists = ByteReader(Array(bytes[(9 * capacity)...]))
            // The kinds last, so that nothing is released that was not retained if a list is too short.
            bytes.withUnsafeBytes { bytes in
                for slot in 0..<capacity {
                    payloads[slot] = Int64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: capacity + 8 * slot, as: Int64.self)
                    )
                }
            }
            for slot in 0..<capacity {
                if bytes[slot] != Kind.strings.rawValue {
                    kinds[slot] = bytes[slot]
                    continue
                }
                var hashes: [Int64] = []
                for _ in 0..<(try lists.count(ofSize: 8)) { hashes.append(try lists.number()) }
                set(hashes, at: slot)
            }
        }

        /// Whether this slot has a list of strings whose hashes are as wanted.
        func hasStrings(at slot: Int, _ isWanted: ([Int64]) -> Bool) -> Bool {
            kinds[slot] == Kind.strings.rawValue && withStrings(at: slot, isWanted)
        }

        /// Calls `body` with the hashes of the strings of a slot that has a list of them.
        func withStrings<Result>(at slot: Int, _ body: ([Int64]) -> Result) -> Result {
            Unmanaged<Hashes>.fromOpaque(Self.address(payloads[slot]))._withUnsafeGuaranteedRef { body($0.all) }
        }

        /// The same list of strings, for a part that takes over the row.
        func copy(_ slot: Int, to part: Part, at place: Int) {
            if kinds[slot] == Kind.strings.rawValue {
                _ = Unmanaged<Hashes>.fromOpaque(Self.address(payloads[slot])).retain()
            }
            part.kinds[place] = kinds[slot]
            part.payloads[place] = payloads[slot]
        }

        // The payload was made from the address of a retained object, which is never nil.
        private static func address(_ payload: Int64) -> UnsafeRawPointer {
            UnsafeRawPointer(bitPattern: Int(payload)).unsafelyUnwrapped
        }
    }

    /// The hashes of a list of strings.
    final class Hashes: Sendable {
        let all: [Int64]
        init(_ all: [Int64]) { self.all = all }
    }

    /// What a slot holds, for comparisons: a cell, of a list one for each of its strings; none for null and where the field
    /// is missing.
    func forEachCell(chunk: Int, place: Int, _ body: (MetadataCell) -> Void) {
        guard chunk < parts.count, let part = parts[chunk] else { return }
        let payload = part.payloads[place]
        switch Kind(rawValue: part.kinds[place]) {
        case nil, .absent, .null: break
        case .strings:
            part.withStrings(at: place) { hashes in
                for (number, hash) in hashes.enumerated() where hashes.firstIndex(of: hash) == number {
                    body(MetadataCell(kind: Kind.string.rawValue, payload: hash))
                }
            }
        case .double:
            let integer = Int64(exactly: Double(bitPattern: UInt64(bitPattern: payload)))
            body(
                integer.map { MetadataCell(kind: Kind.integer.rawValue, payload: $0) }
                    ?? MetadataCell(kind: Kind.double.rawValue, payload: payload)
            )
        case .bool, .integer, .date, .string: body(MetadataCell(kind: part.kinds[place], payload: payload))
        }
    }

    /// The part of a chunk, made if the field occurs in it for the first time.
    mutating func part(_ chunk: Int, capacity: Int) -> Part {
        while parts.count <= chunk { parts.append(nil) }
        if let part = parts[chunk] { return part }
        let part = Part(capacity: capacity)
        parts[chunk] = part
        return part
    }

    /// The bytes of memory that it takes, without lists of strings.
    var memorySize: Int { parts.reduce(0) { $0 + 8 + ($1?.memorySize ?? 0) } }

    /// This column for the chunks below, and another's parts from one on.
    func joined(with other: MetadataColumn?, from chunk: Int) -> MetadataColumn {
        guard let other, other.parts.count > chunk else { return self }
        var joined = self
        joined.parts += Array(repeating: nil, count: max(0, chunk - parts.count))
        joined.parts += other.parts[chunk...]
        return joined
    }

    /// This column without what it has of the first chunks; nil if nothing is left.
    func dropping(chunks: Int) -> MetadataColumn? {
        guard parts.dropFirst(chunks).contains(where: { $0 != nil }) else { return nil }
        var rest = self
        for chunk in 0..<min(chunks, parts.count) { rest.parts[chunk] = nil }
        return rest
    }

    /// The slots, of the first `count`, whose value the node of a condition holds for.
    func matches(_ node: MetadataCondition.Node, count: Int, chunkCapacity: Int, hasher: TextHasher) -> RowSet {
        var result = RowSet(capacity: count)
        /// Calls `match` with each part, the number of its slots, and the words whose bits it sets.
        func forEachPart(_ match: (Part, Int, UnsafeMutablePointer<UInt64>) -> Void) {
            for (number, part) in parts.enumerated() {
                let first = number * chunkCapacity
                guard let part, first < count else { continue }
                result.withWords(from: first) { match(part, min(chunkCapacity, count - first), $0) }
            }
        }
        /// Adds the slots that `holds` is true for.
        func scan(_ holds: (Part, Int) -> Bool) {
            forEachPart { part, slots, words in
                for slot in 0..<slots where holds(part, slot) { words[slot / 64] |= 1 << UInt64(slot % 64) }
            }
        }
        switch node {
        case .exists: scan { part, slot in part.kinds[slot] != Kind.absent.rawValue }
        case .oneOf(_, let values):
            let cells = Cells(values, hasher: hasher)
            if cells.all.count <= 8 {
                forEachPart { part, slots, words in
                    for cell in cells.all {
                        let payload = cell.payload
                        cells_match_integers(part.kinds, part.payloads, slots, cell.kind, payload, payload, words)
                    }
                }
            } else {
                scan { part, slot in
                    cells.all.contains(MetadataCell(kind: part.kinds[slot], payload: part.payloads[slot]))
                }
            }
            for list in cells.lists { scan { part, slot in part.hasStrings(at: slot) { $0 == list } } }
        case .range(_, let range):
            forEachPart { part, slots, words in range.match(part.kinds, part.payloads, count: slots, words) }
        case .contains(_, let string):
            let hash = hasher.hash(string)
            scan { part, slot in part.hasStrings(at: slot) { $0.contains(hash) } }
        case .and, .or, .not: break
        }
        return result
    }
}

/// A value in the form in which a column holds it, to be compared with others.
struct MetadataCell: Hashable {
    var kind: UInt8
    var payload: Int64

    /// The value that this is the cell of, given that of a row that has it: of a list the one string.
    func value(in value: MetadataValue, hasher: TextHasher) -> MetadataValue {
        guard case .strings(let strings) = value else { return value }
        return strings.first { hasher.hash($0) == payload }.map { .string($0) } ?? value
    }
}

/// A value in the form in which a column holds it.
private func cell(of value: MetadataValue, hasher: TextHasher) -> (kind: UInt8, payload: Int64) {
    switch value {
    case .null: (MetadataColumn.Kind.null.rawValue, 0)
    case .bool(let value): (MetadataColumn.Kind.bool.rawValue, value ? 1 : 0)
    case .integer(let value): (MetadataColumn.Kind.integer.rawValue, value)
    // Plus 0, so that both zeros have the same bits.
    case .double(let value): (MetadataColumn.Kind.double.rawValue, Int64(bitPattern: (value + 0).bitPattern))
    case .date(let value):
        (
            MetadataColumn.Kind.date.rawValue,
            Int64(bitPattern: (value.timeIntervalSinceReferenceDate + 0).bitPattern)
        )
    case .string(let value): (MetadataColumn.Kind.string.rawValue, hasher.hash(value))
    case .strings: (MetadataColumn.Kind.strings.rawValue, 0)
    }
}

/// What a field may be equal to.
private struct Cells {
    private(set) var all: Set<MetadataCell> = []
    /// The hashes of the lists of strings among the values.
    var lists: [[Int64]] = []

    init(_ values: [MetadataValue], hasher: TextHasher) {
        func insert(_ value: MetadataValue) {
            let (kind, payload) = cell(of: value, hasher: hasher)
            all.insert(MetadataCell(kind: kind, payload: payload))
        }
        for value in values {
            switch value {
            case .strings(let strings): lists.append(strings.map { hasher.hash($0) })
            case .integer(let integer):
                insert(value)
                if let double = Double(exactly: integer) { insert(.double(double)) }
            case .double(let double):
                insert(value)
                if let integer = Int64(exactly: double) { insert(.integer(integer)) }
            case .string, .bool, .date, .null: insert(value)
            }
        }
    }
}

extension MetadataRange {
    /// Sets the bits of cells that are inside.
    fileprivate func match(
        _ kinds: UnsafePointer<UInt8>,
        _ payloads: UnsafePointer<Int64>,
        count: Int,
        _ words: UnsafeMutablePointer<UInt64>
    ) {
        typealias Kind = MetadataColumn.Kind
        if let span = integers {
            cells_match_integers(kinds, payloads, count, Kind.integer.rawValue, span.lower, span.upper, words)
        }
        for (kind, span) in [(Kind.double, doubles), (.date, dates)] {
            guard let span else { continue }
            cells_match_doubles(kinds, payloads, count, kind.rawValue, span.lower, span.upper, words)
        }
    }
}
