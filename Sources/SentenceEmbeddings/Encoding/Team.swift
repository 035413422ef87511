import Foundation
import SentenceEmbeddingsC
import Synchronization
import Vectors

/// Threads that work on one piece of a batch together, step by step.
///
/// The calling thread is member 0 and does every step's work with those who have come to help; nobody waits for a helper
/// that has not come. Waiting is spinning, as a step takes microseconds.
final class Team: Sendable {
    /// The most members.
    let count: Int

    /// The step's number in the upper 32 bits, and below how many of its parts nobody has taken yet. Who takes a part
    /// knows by it that the step can't end, nor its work change, before the part is done.
    private let untaken = Atomic<UInt64>(0)
    private let done = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)
    /// How many have come.
    private let members = Atomic(1)
    /// Written by member 0 while no part is taken, read by those who have taken one.
    nonisolated(unsafe) private var work: (@Sendable (_ part: Int, _ member: Int) -> Void)?

    private init(count: Int) { self.count = count }

    /// One thread that works alone.
    static var alone: Team { Team(count: 1) }

    /// Runs `body`, and what it hands to the team on up to `count` threads.
    static func run(_ count: Int, _ body: (Team) throws(VectorError) -> Void) throws(VectorError) {
        let team = Team(count: count)
        try withWorkers(count) {
            team.help(as: team.members.wrappingAdd(1, ordering: .relaxed).oldValue)
        } caller: { () throws(VectorError) in
            defer { team.isOver.store(true, ordering: .releasing) }
            try body(team)
        }
    }

    /// Does all parts of a step.
    func each(_ parts: Int, _ body: @escaping @Sendable (_ part: Int, _ member: Int) -> Void) {
        guard count > 1, parts > 1 else {
            for part in 0..<parts { body(part, 0) }
            return
        }
        work = body
        done.store(0, ordering: .relaxed)
        let step = untaken.load(ordering: .relaxed) >> 32 &+ 1
        untaken.store(step << 32 | UInt64(parts), ordering: .releasing)
        takeParts(as: 0)
        var turns = 0
        while done.load(ordering: .acquiring) < parts { wait(&turns) }
    }

    /// Does a step that has `count` things, in parts of at least `size` of them.
    func eachPart(of count: Int, size: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
        let parts = self.count == 1 ? min(count, 1) : min((count + size - 1) / size, 4 * self.count)
        each(parts) { part, _ in body(count * part / parts..<count * (part + 1) / parts) }
    }

    private func help(as member: Int) {
        var turns = 0
        while !isOver.load(ordering: .acquiring) {
            if takeParts(as: member) { turns = 0 }
            wait(&turns)
        }
    }

    private func wait(_ turns: inout Int) {
        turns += 1
        // With more threads than processors, the one that is waited for needs this one's.
        if turns > 10_000 { sched_yield() } else { encoder_pause() }
    }

    /// Does parts until none is left; returns whether there were any.
    @discardableResult
    private func takeParts(as member: Int) -> Bool {
        var didWork = false
        var current = untaken.load(ordering: .acquiring)
        while current & 0xffff_ffff > 0 {
            let (taken, original) = untaken.compareExchange(
                expected: current,
                desired: current - 1,
                ordering: .acquiringAndReleasing
            )
            if taken {
                work?(Int(current & 0xffff_ffff) - 1, member)
                done.wrappingAdd(1, ordering: .releasing)
                didWork = true
            }
            current = taken ? untaken.load(ordering: .acquiring) : original
        }
        return didWork
    }
}
