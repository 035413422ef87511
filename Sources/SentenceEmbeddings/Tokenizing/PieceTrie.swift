/// Finds all pieces that a text starts with, one step a byte: a double array (Aoe 1989, doi:10.1109/32.31365).
struct PieceTrie: Sendable {
    private struct Cell {
        /// Where the children are: the child for a byte at `base ^ byte`.
        var base: UInt32 = 0
        /// The cell that this one is a child of, + 1; 0 if the cell is free.
        var parent: UInt32 = 0
        /// The value of the piece that ends here; ``none`` if none does.
        var value: Int32 = PieceTrie.none
    }

    /// The value of a node where no piece ends.
    static let none: Int32 = -1
    /// The node before the first byte.
    static let root: UInt32 = 0

    private var cells = [Cell](repeating: Cell(), count: 256)

    /// Makes a trie of a table's pieces with their ids.
    init(_ table: PieceTable) {
        var pieces = Pieces()
        table.forEach { piece, id in pieces.append(piece, id) }
        build(&pieces)
    }

    /// The node that a byte leads to; nil if no piece goes on with it.
    @inline(__always)
    func step(_ node: UInt32, _ byte: UInt8) -> UInt32? {
        let next = cells[Int(node)].base ^ UInt32(byte)
        return cells[Int(next)].parent == node + 1 ? next : nil
    }

    /// The value of the piece that ends at a node, or ``none``.
    @inline(__always)
    func value(at node: UInt32) -> Int32 { cells[Int(node)].value }

    // MARK: Building

    /// Pieces to be sorted.
    private struct Pieces {
        struct Entry {
            /// The first 8 bytes, zeros behind a shorter piece, as a number in the order of the bytes.
            var prefix: UInt64
            var start: Int
            var end: Int
            var value: Int32
        }

        var bytes: [UInt8] = []
        var entries: [Entry] = []

        mutating func append(_ piece: UnsafeBufferPointer<UInt8>, _ value: Int32) {
            var prefix: UInt64 = 0
            for offset in 0..<8 { prefix = prefix << 8 | (offset < piece.count ? UInt64(piece[offset]) : 0) }
            let start = bytes.count
            bytes.append(contentsOf: piece)
            entries.append(Entry(prefix: prefix, start: start, end: bytes.count, value: value))
        }

        mutating func sort() {
            entries.sort { [bytes] one, other in
                if one.prefix != other.prefix { return one.prefix < other.prefix }
                return bytes[one.start..<one.end].lexicographicallyPrecedes(bytes[other.start..<other.end])
            }
        }
    }

    private mutating func build(_ pieces: inout Pieces) {
        pieces.sort()
        cells[0].parent = .max
        /// Cells before this one are taken.
        var firstFree = 1
        var open: [(node: UInt32, entries: Range<Int>, depth: Int)] = [(Self.root, pieces.entries.indices, 0)]
        var labels: [UInt8] = []
        var groups: [Range<Int>] = []
        while let (node, entries, depth) = open.popLast() {
            labels.removeAll(keepingCapacity: true)
            groups.removeAll(keepingCapacity: true)
            for index in entries {
                let entry = pieces.entries[index]
                guard entry.start + depth < entry.end else {
                    cells[Int(node)].value = entry.value
                    continue
                }
                let label = pieces.bytes[entry.start + depth]
                if labels.last == label {
                    groups[groups.count - 1] = groups[groups.count - 1].lowerBound..<index + 1
                } else {
                    labels.append(label)
                    groups.append(index..<index + 1)
                }
            }
            guard !labels.isEmpty else { continue }
            let base = findBase(labels, &firstFree)
            cells[Int(node)].base = base
            for (label, group) in zip(labels, groups) {
                let child = base ^ UInt32(label)
                cells[Int(child)].parent = node + 1
                open.append((child, group, depth + 1))
            }
        }
    }

    /// A base whose cells for these bytes are free.
    private mutating func findBase(_ labels: [UInt8], _ firstFree: inout Int) -> UInt32 {
        while firstFree < cells.count, cells[firstFree].parent != 0 { firstFree += 1 }
        // A single child fills any hole; several are sought near the end only, so that the search stays short.
        var place = labels.count == 1 ? firstFree : max(firstFree, cells.count - 8 * 256)
        while true {
            if place >= cells.count { cells.append(contentsOf: repeatElement(Cell(), count: 256)) }
            if cells[place].parent == 0 {
                let base = UInt32(place) ^ UInt32(labels[0])
                if labels.allSatisfy({ cells[Int(base ^ UInt32($0))].parent == 0 }) { return base }
            }
            place += 1
        }
    }
}
