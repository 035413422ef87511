import Vectors

/// As `inPieces(of:size:threads:progress:_:)`, for work that can be cancelled.
///
/// - Parameter work: what the work is, for the error's message.
/// - Throws: `cancelled` if the work is cancelled before it is done.
func inPieces(
    of count: Int,
    size: Int,
    threads: ThreadLimit,
    _ cancellation: Cancellation,
    _ work: String,
    progress: ((Double) -> Void)? = nil,
    _ body: @escaping @Sendable (Range<Int>) -> Void
) throws(VectorError) {
    try inPieces(of: count, size: size, threads: threads, progress: progress) { piece throws(VectorError) in
        try cancellation.check(work)
        body(piece)
    }
    try cancellation.check(work)
}
