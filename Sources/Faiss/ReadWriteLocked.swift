#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A value that any number of readers or one writer may use at a time.
///
/// A waiting writer goes first, so that a stream of searches can't keep it out forever.
///
/// `@unchecked Sendable`: the value is reached through the lock only, and the pointers never change.
final class ReadWriteLocked<Value: ~Copyable>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    // Behind a pointer, not a stored property: readers on several threads at once are not an exclusivity violation.
    private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

    init(_ initial: consuming Value) {
        value.initialize(to: initial)
        #if canImport(Darwin)
            pthread_rwlock_init(lock, nil)
        #else
            var attributes = pthread_rwlockattr_t()
            pthread_rwlockattr_init(&attributes)
            // PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP; glibc prefers readers by default.
            pthread_rwlockattr_setkind_np(&attributes, 2)
            pthread_rwlock_init(lock, &attributes)
            pthread_rwlockattr_destroy(&attributes)
        #endif
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }

    func read<Result, Failure: Error>(
        _ body: (borrowing Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let code = pthread_rwlock_rdlock(lock)
        precondition(code == 0, "pthread_rwlock_rdlock failed with \(code)")
        defer { pthread_rwlock_unlock(lock) }
        return try body(value.pointee)
    }

    func write<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let code = pthread_rwlock_wrlock(lock)
        precondition(code == 0, "pthread_rwlock_wrlock failed with \(code)")
        defer { pthread_rwlock_unlock(lock) }
        return try body(&value.pointee)
    }
}
