/// Merges to come, the one with the lowest rank first, and of those the leftmost: a binary heap.
struct MergeHeap {
    struct Entry {
        var rank: Int32
        var place: Int32
        var id: Int32

        fileprivate func comesBefore(_ other: Entry) -> Bool {
            rank != other.rank ? rank < other.rank : place < other.place
        }
    }

    private var entries: [Entry] = []

    mutating func push(_ entry: Entry) {
        var place = entries.count
        entries.append(entry)
        while place > 0, entry.comesBefore(entries[(place - 1) / 2]) {
            entries[place] = entries[(place - 1) / 2]
            place = (place - 1) / 2
        }
        entries[place] = entry
    }

    mutating func pop() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first }
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].comesBefore(entries[child]) { child += 1 }
            guard entries[child].comesBefore(last) else { break }
            entries[place] = entries[child]
            place = child
        }
        entries[place] = last
        return first
    }
}
