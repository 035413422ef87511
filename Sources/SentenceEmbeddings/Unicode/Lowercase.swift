internal import SentenceEmbeddingsC

/// The lower case of scalars, each by itself: a final sigma is an ordinary one.
struct Lowercase: Sendable {
    static let shared = Lowercase()

    /// Scalars with a lower case are below this.
    private static let limit = 0x20000
    private var distances = [Int32](repeating: 0, count: Self.limit)

    private init() {
        var count: Int32 = 0
        let runs = UnsafeBufferPointer(start: unicode_case_runs(&count), count: Int(count))
        for run in runs {
            for scalar in stride(from: Int(run.first), through: Int(run.last), by: Int(run.step)) {
                distances[scalar] = run.distance
            }
        }
    }

    /// Appends the lower case of a scalar that has one.
    @inline(__always)
    func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        // The only one whose lower case has two scalars: I with a dot above.
        if scalar == 0x130 {
            bytes.append(UInt8(ascii: "i"))
            bytes.append(scalar: 0x307)
        } else if scalar < Self.limit {
            bytes.append(
                scalar: UInt32(truncatingIfNeeded: Int32(truncatingIfNeeded: scalar) &+ distances[Int(scalar)])
            )
        } else {
            bytes.append(scalar: scalar)
        }
    }
}
