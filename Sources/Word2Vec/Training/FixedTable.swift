/// Plain values that are made once and then only read, in the innermost loop, by all threads.
///
/// Reached by an address: an array would count its references at each of the millions of visits a second, which the
/// threads would do on one cache line, and check each place, which comes from the vocabulary and is right.
///
/// `@unchecked Sendable`: nothing changes after `init`.
final class FixedTable<Value: BitwiseCopyable>: @unchecked Sendable {
    /// The address of the first value, good as long as the table is.
    let start: UnsafePointer<Value>

    init(_ values: [Value]) {
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: max(1, values.count))
        memory.initialize(from: values, count: values.count)
        start = UnsafePointer(memory)
    }

    deinit { start.deallocate() }
}
