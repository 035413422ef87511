#if Milvus
import Vectors

/// Lets a number of calls run at a time; others wait in the order in which they came.
final class CallLimiter: Sendable {
    private struct State {
        var free: Int
        var nextNumber = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        /// Those that were cancelled before they began to wait.
        var cancelled: Set<Int> = []
    }

    private let state: Locked<State>

    init(_ limit: Int) { state = Locked(State(free: limit)) }

    /// Runs a body when there is room. Throws what the body throws, and `CancellationError`.
    func run<Result>(_ body: () async throws -> Result) async throws -> Result {
        guard await begin() else { throw CancellationError() }
        defer { end() }
        return try await body()
    }

    /// Whether it is this call's turn; false if it was cancelled while it waited.
    private func begin() async -> Bool {
        let number: Int? = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            state.nextNumber += 1
            return state.nextNumber
        }
        guard let number else { return true }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isTurn: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let isTurn { continuation.resume(returning: isTurn) }
            }
        } onCancel: {
            let waiting: CheckedContinuation<Bool, Never>? = state.withLock { state in
                guard let place = state.waiting.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.waiting.remove(at: place).continuation
            }
            waiting?.resume(returning: false)
        }
    }

    private func end() {
        let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }
}
#endif
