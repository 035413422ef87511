/// How far a long call has come.
public struct OperationProgress: Sendable, Hashable {
    /// Units done: vectors when adding, queries when searching, k-means iterations when training.
    public var completed: Int
    /// Units in all.
    public var total: Int

    /// Done part of the whole, from 0 to 1.
    public var fraction: Double { total == 0 ? 1 : Double(completed) / Double(total) }

    /// Makes a progress value.
    public init(completed: Int, total: Int) {
        self.completed = completed
        self.total = total
    }

    /// Called with the progress, on the threads that do the work, possibly on several at a time; it should return soon.
    public typealias Handler = @Sendable (OperationProgress) -> Void
}
