/// Decomposes scalars and brings marks into canonical order.
struct MarkOrder {
    /// The marks since the last scalar that isn't moved, each with its class above and its number in between.
    private var waiting: [UInt64] = []

    /// Takes a scalar; hands on what is complete.
    @inline(__always)
    mutating func append(_ scalar: UInt32, compatibly: Bool, _ table: UnicodeTable, to next: (UInt32) -> Void) {
        let properties = table[scalar]
        if properties.isDisjoint(with: compatibly ? .decomposesCompatibly : .decomposes) {
            finish(to: next)
            return next(scalar)
        }
        Decompositions.shared.forEach(of: scalar, compatibly: compatibly) { scalar in
            let combiningClass = table[scalar].combiningClass
            if combiningClass == 0 {
                finish(to: next)
                return next(scalar)
            }
            // 2³² marks don't fit the memory.
            waiting.append(UInt64(combiningClass) << 53 | UInt64(waiting.count) << 21 | UInt64(scalar))
        }
    }

    /// Hands on the marks that wait.
    @inline(__always)
    mutating func finish(to next: (UInt32) -> Void) {
        guard !waiting.isEmpty else { return }
        waiting.sort()
        for mark in waiting { next(UInt32(truncatingIfNeeded: mark & 0x1F_FFFF)) }
        waiting.removeAll(keepingCapacity: true)
    }
}
