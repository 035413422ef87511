#if THREAD_SANITIZER
import Foundation

/// A value behind a lock; see below for why there are two.
///
/// `@unchecked Sendable`: the value is reached with the lock held only.
package final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    package init(_ value: Value) { self.value = value }

    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
#else
package import Synchronization

/// A value behind a lock.
///
/// It is `Mutex`. But a thread that has to wait for one does so in code of Swift's library that ThreadSanitizer
/// can't see into, and what the lock guards is then reported as a race; so `Scripts/sanitize.sh` has a lock of the
/// system's in its place.
package typealias Locked<Value> = Mutex<Value>
#endif
