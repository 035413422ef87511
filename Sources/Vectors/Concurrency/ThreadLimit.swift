import class Foundation.ProcessInfo

/// How many threads one call may use.
///
/// The limit holds for a call, not for the process: eight callers with two threads each may use sixteen.
public struct ThreadLimit: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The most that can be asked for.
    public static let maximum = 1024

    /// As many threads as the machine has active processors.
    public static let automatic = ThreadLimit(requested: nil)

    /// At most this many threads; numbers below 1 count as 1, above ``maximum`` as ``maximum``.
    public static func threads(_ count: Int) -> ThreadLimit {
        ThreadLimit(requested: min(max(count, 1), maximum))
    }

    private let requested: Int?

    private init(requested: Int?) {
        self.requested = requested
    }

    /// The same as ``threads(_:)``.
    public init(integerLiteral count: Int) {
        self = .threads(count)
    }

    /// The number of threads: what was asked for, or the number of active processors.
    public var count: Int { requested ?? Self.processors }

    /// Asked for once: on Linux the answer comes out of control group files, which takes longer than a search does.
    private static let processors = min(ProcessInfo.processInfo.activeProcessorCount, maximum)

    /// "automatic" or the number.
    public var description: String { requested.map(String.init) ?? "automatic" }
}

extension ThreadLimit: Codable {
    /// Reads the number that was asked for, or null for ``automatic``.
    public init(from decoder: any Decoder) throws {
        let count = try Int?(from: decoder)
        self = count.map(ThreadLimit.threads) ?? .automatic
    }

    /// Writes the number that was asked for, or null for ``automatic``.
    public func encode(to encoder: any Encoder) throws {
        try requested.encode(to: encoder)
    }
}
