/// The values of one field, in the order of the slots of a ``RowTable``: what conditions are evaluated on.
///
/// Strings are held as 64-bit hashes, with a new seed in each process, so that long texts take no memory: of a collection of
/// a million different strings two would share a hash once in 40 million processes.
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

        deinit {
            for slot in 0..<capacity where kinds[slot] == Kind.strings.rawValue {
                Unmanaged<Hashes>.fromOpaque(Self.address(payloads[slot])).release()
            }
            kinds.deallocate()
            payloads.deallocate()
        }

        func set(_ value: MetadataValue, at slot: Int) {
            guard case .strings(let strings) = value else {
                (kinds[slot], payloads[slot]) = cell(of: value)
                return
            }
            let hashes = Unmanaged.passRetained(Hashes(strings.map(\.hashValue)))
            kinds[slot] = Kind.strings.rawValue
            payloads[slot] = Int64(Int(bitPattern: hashes.toOpaque()))
        }

        /// Whether this slot has a list of strings whose hashes are as wanted.
        func hasStrings(at slot: Int, _ isWanted: ([Int]) -> Bool) -> Bool {
            kinds[slot] == Kind.strings.rawValue && withStrings(at: slot, isWanted)
        }

        /// Calls `body` with the hashes of the strings of a slot that has a list of them.
        func withStrings<Result>(at slot: Int, _ body: ([Int]) -> Result) -> Result {
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
        let all: [Int]
        init(_ all: [Int]) { self.all = all }
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
                    body(MetadataCell(kind: Kind.string.rawValue, payload: Int64(hash)))
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

    /// The slots, of the first `count`, whose value the node of a condition holds for.
    func matches(_ node: MetadataCondition.Node, count: Int, chunkCapacity: Int) -> RowSet {
        var result = RowSet(capacity: count)
        for (number, part) in parts.enumerated() {
            guard let part, number * chunkCapacity < count else { continue }
            let slots = min(chunkCapacity, count - number * chunkCapacity)
            /// Calls `holds` with every slot of the part; generic, so that each kind of node gets its own tight loop.
            func scan(_ holds: (Int) -> Bool) {
                for first in stride(from: 0, to: slots, by: 64) {
                    var word: UInt64 = 0
                    for slot in first..<min(first + 64, slots) where holds(slot) { word |= 1 << UInt64(slot - first) }
                    result.setWord(word, at: number * chunkCapacity + first)
                }
            }
            let kinds = part.kinds
            let payloads = part.payloads
            switch node {
            case .exists: scan { kinds[$0] != Kind.absent.rawValue }
            case .oneOf(_, let values):
                let cells = Cells(values)
                if let (kind, payload) = cells.only {
                    scan { kinds[$0] == kind && payloads[$0] == payload }
                } else {
                    scan { cells.contains(kinds[$0], payloads[$0]) }
                }
                for list in cells.lists {
                    var lists = result
                    scan { part.hasStrings(at: $0) { $0 == list } }
                    lists.formUnion(result)
                    result = lists
                }
            case .range(_, let range): scan { range.contains(kinds[$0], payloads[$0]) }
            case .contains(_, let string):
                let hash = string.hashValue
                scan { part.hasStrings(at: $0) { $0.contains(hash) } }
            case .and, .or, .not: break
            }
        }
        return result
    }
}

/// A value in the form in which a column holds it, to be compared with others.
struct MetadataCell: Hashable {
    var kind: UInt8
    var payload: Int64

    /// The value that this is the cell of, given that of a row that has it: of a list the one string.
    func value(in value: MetadataValue) -> MetadataValue {
        guard case .strings(let strings) = value else { return value }
        return strings.first { Int64($0.hashValue) == payload }.map { .string($0) } ?? value
    }
}

/// A value in the form in which a column holds it.
private func cell(of value: MetadataValue) -> (kind: UInt8, payload: Int64) {
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
    case .string(let value): (MetadataColumn.Kind.string.rawValue, Int64(value.hashValue))
    case .strings: (MetadataColumn.Kind.strings.rawValue, 0)
    }
}

/// What a field may be equal to.
private struct Cells {
    private var cells: Set<MetadataCell> = []
    /// The hashes of the lists of strings among the values.
    var lists: [[Int]] = []

    init(_ values: [MetadataValue]) {
        func insert(_ value: MetadataValue) {
            let (kind, payload) = cell(of: value)
            cells.insert(MetadataCell(kind: kind, payload: payload))
        }
        for value in values {
            switch value {
            case .strings(let strings): lists.append(strings.map(\.hashValue))
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

    var only: (kind: UInt8, payload: Int64)? {
        cells.count == 1 ? cells.first.map { ($0.kind, $0.payload) } : nil
    }

    func contains(_ kind: UInt8, _ payload: Int64) -> Bool {
        cells.contains(MetadataCell(kind: kind, payload: payload))
    }
}

extension MetadataRange {
    /// Whether a value in a column's form is inside.
    fileprivate func contains(_ kind: UInt8, _ payload: Int64) -> Bool {
        switch kind {
        case MetadataColumn.Kind.integer.rawValue: contains(integer: payload)
        case MetadataColumn.Kind.double.rawValue: contains(double: Double(bitPattern: UInt64(bitPattern: payload)))
        case MetadataColumn.Kind.date.rawValue: contains(dateSeconds: Double(bitPattern: UInt64(bitPattern: payload)))
        default: false
        }
    }
}
