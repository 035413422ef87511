import CFaiss
import FaissC
import Vectors

/// Turns a code of the C API into an error with the calling thread's message.
func check(_ code: Int32) throws(VectorError) {
    if code == 0 { return }
    if code == Int32(FAISS_CANCELLED) { throw .cancelled }
    let message = String(cString: faiss_get_last_error())
    if code == Int32(FAISS_WRONG_LEVEL) { throw VectorError(.invalidArgument, message) }
    if code == Int32(FAISS_FILE_FAILED) { throw VectorError(.inputOutput, message) }
    if code == Int32(FAISS_FILE_DAMAGED) { throw VectorError(.invalidFormat, message) }
    throw code == Int32(FAISS_OUT_OF_MEMORY)
        ? VectorError(.tooLarge, "Faiss ran out of memory") : VectorError(.faiss, "Faiss: \(message)")
}

/// Calls a C constructor, which hands its object out through a pointer.
func make(_ create: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws(VectorError) -> OpaquePointer {
    var pointer: OpaquePointer?
    try check(create(&pointer))
    guard let pointer else { throw VectorError(.faiss, "Faiss made no object") }
    return pointer
}

extension ThreadLimit {
    /// The threads for an OpenMP team. More than a few for each processor only wait for each other, and libgomp ends
    /// the process if the system refuses to start one.
    var openMP: Int32 { Int32(min(count, max(16, 4 * ThreadLimit.automatic.count))) }
}

extension FaissTrainingParameters {
    init(_ options: TrainingOptions) {
        self.init(
            niter: Int32(options.iterations),
            max_points_per_centroid: Int32(options.maximumPointsPerCentroid),
            seed: Int32(seed: options.seed)
        )
    }
}

extension Int32 {
    /// Faiss's seed for one of 64 bits: the same number where it has 31 bits, or another that all bits decide.
    fileprivate init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self = Int32(exactly: seed) ?? Int32(random.next() >> 33)
    }
}

/// Has a search within a distance fill a result, and calls `body` with each query's labels and distances.
func withRangeResult(
    queries count: Int,
    _ body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Float>) -> Void,
    from search: (OpaquePointer) -> Int32
) throws(VectorError) {
    let result = try make { faiss_RangeSearchResult_new($0, idx_t(count)) }
    defer { faiss_RangeSearchResult_free(result) }
    try check(search(result))
    var limits: UnsafeMutablePointer<Int>?
    var labels: UnsafeMutablePointer<Int64>?
    var distances: UnsafeMutablePointer<Float>?
    faiss_RangeSearchResult_lims(result, &limits)
    faiss_RangeSearchResult_labels(result, &labels, &distances)
    for query in 0..<count {
        let start = limits![query]
        let size = limits![query + 1] - start
        body(
            UnsafeBufferPointer(start: size == 0 ? nil : labels! + start, count: size),
            UnsafeBufferPointer(start: size == 0 ? nil : distances! + start, count: size)
        )
    }
}

/// Has Faiss write to a function of ours, whose own failure is thrown rather than Faiss's words for it.
func withOutput(
    to write: (UnsafeRawBufferPointer) throws(VectorError) -> Void,
    _ body: (FaissWriteFunction, UnsafeMutableRawPointer) -> Int32
) throws(VectorError) {
    try withoutActuallyEscaping(write) { write throws(VectorError) in
        let output = Output(write)
        let function: FaissWriteFunction = { context, bytes, count in
            Unmanaged<Output>.fromOpaque(context!).takeUnretainedValue().write(bytes, count)
        }
        let code = withExtendedLifetime(output) { body(function, Unmanaged.passUnretained(output).toOpaque()) }
        if let failure = output.failure { throw failure }
        try check(code)
    }
}

/// Where Faiss's bytes go.
private final class Output {
    private let body: (UnsafeRawBufferPointer) throws(VectorError) -> Void
    private(set) var failure: VectorError?

    init(_ body: @escaping (UnsafeRawBufferPointer) throws(VectorError) -> Void) { self.body = body }

    func write(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        do throws(VectorError) {
            try body(UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        } catch {
            failure = error
            return 0
        }
    }
}

/// Calls `body` with the array's elements, or with nil where there is no array.
func withOptionalBuffer<Element, Result>(
    of array: [Element]?,
    _ body: (UnsafeBufferPointer<Element>?) throws(VectorError) -> Result
) throws(VectorError) -> Result {
    guard let array else { return try body(nil) }
    return try array.withUnsafeBufferPointer { buffer throws(VectorError) in try body(buffer) }
}
