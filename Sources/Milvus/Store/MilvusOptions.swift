#if Milvus
public import Foundation
import Vectors

/// How a ``MilvusStore`` speaks to its server.
public struct MilvusOptions: Sendable {
    /// Who asks: `user:password`, or the key of a hosted service. Send it over `https` only.
    public var token: String?
    /// The database of the server; empty for its default.
    public var database: String
    /// With `https`: a PEM file of the certificates to trust, in place of the system's.
    public var trustedCertificates: URL?
    /// What reads see; ``MilvusCollection/reading(_:)`` chooses another for some.
    public var consistency: MilvusConsistency
    /// After how long a call that has no answer yet fails with the code `timedOut`.
    public var deadline: Duration
    /// How long a server is waited for that can't be reached, or that is not ready, as after a restart. Calls are repeated
    /// meanwhile, if repeating them is harmless.
    public var patience: Duration
    /// The most rows that one message carries. It is cut further where a message would be too large. Several messages of a
    /// write are made and sent at a time, so that the server works while the next is made.
    public var batchSize: Int
    /// The most calls under way at a time; others wait their turn.
    public var concurrentCalls: Int

    /// Makes options.
    public init(
        token: String? = nil,
        database: String = "",
        trustedCertificates: URL? = nil,
        consistency: MilvusConsistency = .ownWrites,
        deadline: Duration = .seconds(120),
        patience: Duration = .seconds(120),
        batchSize: Int = 2500,
        concurrentCalls: Int = 8
    ) {
        self.token = token
        self.database = database
        self.trustedCertificates = trustedCertificates
        self.consistency = consistency
        self.deadline = deadline
        self.patience = patience
        self.batchSize = batchSize
        self.concurrentCalls = concurrentCalls
    }

    func validate() throws(VectorError) {
        try checkRange(batchSize, 1...100_000, "the batch size")
        try checkRange(concurrentCalls, 1...1024, "the number of concurrent calls")
        guard deadline > .zero, deadline <= .seconds(86_400) else {
            throw VectorError(.invalidArgument, "the deadline \(deadline) is not above zero and at most a day")
        }
        guard patience >= .zero, patience <= .seconds(86_400) else {
            throw VectorError(.invalidArgument, "the patience \(patience) is not between zero and a day")
        }
    }
}
#endif
