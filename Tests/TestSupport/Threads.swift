import Foundation

/// Calls `body` with 0..<count, each on a thread of its own, and returns when all calls have returned. Unlike
/// `DispatchQueue.concurrentPerform`, all of them run at the same time, however few processors there are.
public func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let finished = DispatchSemaphore(value: 0)
    for number in 0..<count {
        Thread.detachNewThread {
            body(number)
            finished.signal()
        }
    }
    for _ in 0..<count { finished.wait() }
}
