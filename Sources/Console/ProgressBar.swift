import Foundation
import Synchronization

/// The progress of one long step on standard error: a bar that redraws itself on a terminal; elsewhere nothing until
/// the step is done, then one line.
public final class ProgressBar: Sendable {
    private struct State {
        var lastDrawn = ContinuousClock.now - .seconds(1)
        var isFinished = false
    }

    private static let isTerminal = isatty(STDERR_FILENO) == 1
    private let label: String
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Starts a step.
    public init(_ label: String) {
        self.label = label
    }

    /// Shows how far the step is, at most ten times a second.
    ///
    /// - Parameters:
    ///   - fraction: from 0 to 1.
    ///   - note: what else to say, such as a speed.
    public func update(_ fraction: Double, note: String = "") {
        guard Self.isTerminal else { return }
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            guard !state.isFinished, now - state.lastDrawn >= .milliseconds(100) else { return false }
            state.lastDrawn = now
            return true
        }
        guard isDue else { return }
        let width = 30
        let filled = Int((min(max(fraction, 0), 1) * Double(width)).rounded(.down))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let percent = Int(min(max(fraction, 0), 1) * 100)
        print("\r\u{1B}[K\(label) \(bar) \(percent) % \(note)", terminator: "")
    }

    /// Ends the step with a line that says what came of it and how long it took.
    public func finish(_ result: String = "") {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let isFirst = state.withLock { state in
            defer { state.isFinished = true }
            return !state.isFinished
        }
        guard isFirst else { return }
        let text = "\(label): \(result.isEmpty ? "done" : result) (\(seconds.formatted(decimals: 1)) s)"
        print((Self.isTerminal ? "\r\u{1B}[K" : "") + text, terminator: "\n")
    }

    private func print(_ text: String, terminator: String) {
        fflush(nil)  // What was printed before, to standard output, should stand before.
        FileHandle.standardError.write(Data((text + terminator).utf8))
    }
}

extension Double {
    /// The number with so many decimals, and always a dot.
    public func formatted(decimals: Int) -> String {
        String(format: "%.\(decimals)f", self)
    }
}

extension Duration {
    /// The duration in seconds.
    public var seconds: Double { self / .seconds(1) }
}
