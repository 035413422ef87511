/// An immutable set of ids at a fixed address, in the form that tests fastest.
///
/// `@unchecked Sendable`: the memory behind the pointers is written in `init` only.
final class IDSet: @unchecked Sendable {
    enum Form {
        /// The ids, ascending, each once.
        case ascending(UnsafeMutableBufferPointer<Int64>)
        /// A bit for each number from the first one on, where that takes no more memory than a list.
        case bits(UnsafeMutableBufferPointer<UInt64>, Range<Int64>)
    }

    let form: Form

    init(_ ids: some Sequence<Int64>) {
        var sorted = Array(ids)
        sorted.sort()
        if let first = sorted.first, let last = sorted.last, last < .max,
            case let (span, overflow) = last.subtractingReportingOverflow(first), !overflow, span / 64 <= sorted.count
        {
            let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: Int(span / 64) + 1)
            words.initialize(repeating: 0)
            for id in sorted {
                let bit = Int(id - first)
                words[bit / 64] |= 1 << UInt64(bit % 64)
            }
            form = .bits(words, first..<last + 1)
            return
        }
        let list = UnsafeMutableBufferPointer<Int64>.allocate(capacity: sorted.count)
        var count = 0
        for id in sorted where count == 0 || list[count - 1] != id {
            list.initializeElement(at: count, to: id)
            count += 1
        }
        form = .ascending(UnsafeMutableBufferPointer(rebasing: list[..<count]))
    }

    /// - Parameters:
    ///   - bits: as many as the ids of the range, and none beyond; the id of bit i is the range's first plus i.
    ///   - ids: a range that is not empty.
    init(bits: [UInt64], of ids: Range<Int64>) {
        let words = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: bits.count)
        _ = words.initialize(from: bits)
        form = .bits(words, ids)
    }

    deinit {
        switch form {
        case .ascending(let list): list.deallocate()
        case .bits(let words, _): words.deallocate()
        }
    }

    func contains(_ id: Int64) -> Bool {
        switch form {
        case .ascending(let list): return list.position(of: id) != nil
        case .bits(let words, let range):
            guard range.contains(id) else { return false }
            let bit = Int(id - range.lowerBound)
            return words[bit / 64] >> UInt64(bit % 64) & 1 == 1
        }
    }
}

extension RandomAccessCollection<Int64> where Index == Int {
    /// Where an id stands among ascending ones that start at index 0, or nil.
    func position(of id: Int64) -> Int? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == id ? low : nil
    }
}
