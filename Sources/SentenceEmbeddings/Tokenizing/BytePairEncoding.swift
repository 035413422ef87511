import Vectors

/// Byte pair encoding: starts with a word's scalars and merges, again and again, the adjacent pair that comes first among
/// the merges (Sennrich, Haddow, Birch 2016, doi:10.18653/v1/P16-1162).
struct BytePairEncoding: Sendable {
    /// How a model differs from the plain one.
    struct Options: Sendable {
        /// The id of what is no piece, which is left out otherwise.
        var unknown: Int32?
        /// Whether unknown scalars side by side are one.
        var fusesUnknown = false
        /// Whether a word that is a piece is taken as it is.
        var ignoresMerges = false
        /// Stands before every scalar of a word but the first.
        var continuingPrefix: [UInt8] = []
        /// Stands behind the last scalar of a word.
        var endSuffix: [UInt8] = []
        /// The ids of the pieces `<0x00>` to `<0xFF>`; empty if unknown scalars aren't written in bytes.
        var bytes: [Int32?] = []
    }

    /// A piece of a word whose length makes a heap worth its while.
    private struct Link {
        var id: Int32
        var previous: Int32
        var next: Int32
    }

    /// Words of up to so many pieces are searched for the next merge; longer ones have a heap.
    private static let shortWord = 24

    private let vocabulary: PieceTable
    private let merges: PairTable
    private let options: Options
    /// The ids of ASCII and of the two bytes of U+0080 to U+07FF; ``unknownScalar`` where there is no piece.
    private let scalars: [Int32]
    private static let tabulated: UInt32 = 0x800
    private static let unknownScalar: Int32 = -1

    init(_ vocabulary: PieceTable, merges: PairTable, options: Options) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.options = options
        scalars = (0..<Self.tabulated).map { scalar in
            var bytes: [UInt8] = []
            bytes.append(scalar: scalar)
            return bytes.withUnsafeBufferPointer { vocabulary.id(of: $0) } ?? Self.unknownScalar
        }
    }

    func encode(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, to ids: inout [Int32]) {
        if options.ignoresMerges, let id = vocabulary.id(of: UnsafeBufferPointer(rebasing: text[word])) {
            return ids.append(id)
        }
        let first = ids.count
        start(text, word, &ids)
        if ids.count - first <= Self.shortWord { mergeShort(&ids, from: first) } else { mergeLong(&ids, from: first) }
    }

    /// Appends the ids of a word's scalars.
    private func start(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>, _ ids: inout [Int32]) {
        let isPlain = options.continuingPrefix.isEmpty && options.endSuffix.isEmpty
        var position = word.lowerBound
        var waitsUnknown = false
        while position < word.upperBound {
            let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
            let range = position..<min(position + length, word.upperBound)
            position = range.upperBound
            var piece: [UInt8] = []
            let found: Int32?
            if isPlain, scalar < Self.tabulated {
                found = scalars[Int(scalar)] == Self.unknownScalar ? nil : scalars[Int(scalar)]
            } else if isPlain {
                found = vocabulary.id(of: UnsafeBufferPointer(rebasing: text[range]))
            } else {
                if range.lowerBound > word.lowerBound { piece += options.continuingPrefix }
                piece += text[range]
                if range.upperBound == word.upperBound { piece += options.endSuffix }
                found = piece.withUnsafeBufferPointer { vocabulary.id(of: $0) }
            }
            if let found {
                if waitsUnknown, let unknown = options.unknown { ids.append(unknown) }
                waitsUnknown = false
                ids.append(found)
                continue
            }
            if isPlain { piece = Array(text[range]) }
            if !options.bytes.isEmpty, piece.allSatisfy({ options.bytes[Int($0)] != nil }) {
                for byte in piece { if let id = options.bytes[Int(byte)] { ids.append(id) } }
            } else if let unknown = options.unknown {
                if waitsUnknown, !options.fusesUnknown { ids.append(unknown) }
                waitsUnknown = true
            }
        }
        if waitsUnknown, let unknown = options.unknown { ids.append(unknown) }
    }

    /// Merges the pieces from a place on, each time after a look at all pairs.
    private func mergeShort(_ ids: inout [Int32], from first: Int) {
        var count = ids.count - first
        guard count > 1 else { return }
        withUnsafeTemporaryAllocation(of: PairTable.Merge.self, capacity: count) { pairs in
            ids.withUnsafeMutableBufferPointer { ids in
                // A pair that isn't merged comes last.
                func merge(_ place: Int) -> PairTable.Merge {
                    merges.merge(ids[first + place], ids[first + place + 1]) ?? PairTable.Merge(rank: .max, id: 0)
                }
                for place in 0..<count - 1 { pairs.initializeElement(at: place, to: merge(place)) }
                while count > 1 {
                    var best = 0
                    for place in 1..<max(count - 1, 1) where pairs[place].rank < pairs[best].rank { best = place }
                    guard pairs[best].rank < .max else { break }
                    ids[first + best] = pairs[best].id
                    count -= 1
                    for place in best + 1..<max(count, best + 1) {
                        ids[first + place] = ids[first + place + 1]
                        pairs[place - 1] = pairs[place]
                    }
                    if best > 0 { pairs[best - 1] = merge(best - 1) }
                    if best < count - 1 { pairs[best] = merge(best) }
                }
            }
        }
        ids.removeLast(ids.count - first - count)
    }

    /// Merges the pieces from a place on by a heap of pairs.
    private func mergeLong(_ ids: inout [Int32], from first: Int) {
        let count = ids.count - first
        var links = (0..<count).map {
            Link(id: ids[first + $0], previous: Int32($0 - 1), next: $0 + 1 < count ? Int32($0 + 1) : -1)
        }
        var heap = MergeHeap()
        func offer(_ place: Int32) {
            guard place >= 0, links[Int(place)].next >= 0 else { return }
            let (link, next) = (links[Int(place)], links[Int(links[Int(place)].next)])
            guard let merge = merges.merge(link.id, next.id) else { return }
            heap.push(MergeHeap.Entry(rank: merge.rank, place: place, id: merge.id))
        }
        for place in 0..<count { offer(Int32(place)) }
        /// Stands for a piece that was merged into the one before.
        let gone: Int32 = -2
        while let entry = heap.pop() {
            let place = Int(entry.place)
            let next = links[place].next
            guard next >= 0 else { continue }
            // Its halves may have been merged with others since.
            guard let merge = merges.merge(links[place].id, links[Int(next)].id), merge.id == entry.id else { continue }
            let behind = links[Int(next)].next
            links[place].id = merge.id
            links[place].next = behind
            links[Int(next)].next = gone
            if behind >= 0 { links[Int(behind)].previous = entry.place }
            offer(links[place].previous)
            offer(entry.place)
        }
        ids.removeLast(count)
        var place: Int32 = 0
        while place >= 0 {
            ids.append(links[Int(place)].id)
            place = links[Int(place)].next
        }
    }
}
