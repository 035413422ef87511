import Foundation
import Vectors

/// A value that any number of readers or one writer may use at a time.
///
/// A waiting writer goes first, so that a stream of searches can't keep it out forever. A change that takes many steps
/// is made within ``changing(_:)``: it has the right to change for itself all the while, but holds the lock only for
/// its steps, so that readers get their turn between them.
///
/// `@unchecked Sendable`: the value is reached through the lock only, and the pointers never change.
final class ReadWriteLocked<Value: ~Copyable>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    // Behind a pointer, not a stored property: readers on several threads at once are not an exclusivity violation.
    private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

    init(_ initial: consuming Value) {
        value.initialize(to: initial)
        var kind = pthread_mutexattr_t()
        pthread_mutexattr_init(&kind)
        pthread_mutexattr_settype(&kind, CInt(PTHREAD_MUTEX_ERRORCHECK))
        pthread_mutex_init(change, &kind)
        pthread_mutexattr_destroy(&kind)
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
        pthread_mutex_destroy(change)
        change.deallocate()
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

    /// Runs a change, one at a time. From within it, on the same thread, another one is refused: it would wait for
    /// itself.
    func changing<Result>(_ body: () throws(VectorError) -> Result) throws(VectorError) -> Result {
        let code = pthread_mutex_lock(change)
        guard code != EDEADLK else {
            throw VectorError(.unsupported, "an index can't be changed from the progress handler of its own change")
        }
        precondition(code == 0, "pthread_mutex_lock failed with \(code)")
        defer { pthread_mutex_unlock(change) }
        return try body()
    }
}
