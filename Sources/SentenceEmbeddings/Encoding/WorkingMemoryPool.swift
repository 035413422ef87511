import Vectors

/// Working memory that has been used and waits for the next call.
final class WorkingMemoryPool: Sendable {
    /// More are not kept: many calls at once may have needed them.
    private static let most = 8

    private let configuration: TransformerConfiguration
    private let free = Locked<[WorkingMemory]>([])

    init(for configuration: TransformerConfiguration) { self.configuration = configuration }

    /// Memory for so many tokens and threads, which is handed back after the body.
    func with(
        tokens: Int,
        members: Int,
        _ body: (WorkingMemory) throws(VectorError) -> Void
    ) throws(VectorError) {
        let found: WorkingMemory? = free.withLock { free in
            if let fits = free.firstIndex(where: { $0.tokens >= tokens && $0.members >= members }) {
                return free.remove(at: fits)
            }
            // One that is too small goes, for a larger one will come back.
            _ = free.popLast()
            return nil
        }
        let memory: WorkingMemory
        if let found {
            memory = found
        } else {
            // By powers of two, so that few sizes are asked for.
            memory = try WorkingMemory(for: configuration, tokens: max(64, tokens.nextPowerOfTwo), members: members)
        }
        defer { free.withLock { if $0.count < Self.most { $0.append(memory) } } }
        try body(memory)
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
