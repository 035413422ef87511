#if Milvus
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import SwiftProtobuf
import Vectors

/// The calls to a server: each with a deadline, repeated while the server is not there, its errors in our words.
final class MilvusClient: Sendable {
    let address: ServerAddress
    let options: MilvusOptions
    private let transport: HTTP2ClientTransport.Posix
    private let connections: Task<Void, Never>
    private let executor: EventLoopExecutor
    private let metadata: Metadata
    private let calls: CallLimiter
    private let writes: Locked<CallLimiter>
    private let lite = Locked(false)
    private let isClosed = Locked(false)

    /// The most bytes of a message, either way, that Milvus allows unless it is told otherwise.
    static let maximumMessageSize = 64 << 20

    init(_ url: URL, options: MilvusOptions) throws(VectorError) {
        try options.validate()
        let address = try ServerAddress(url)
        self.address = address
        self.options = options
        var metadata = Metadata()
        // The server gives up when we do.
        metadata.addString("\(max(1, Int(options.deadline / .milliseconds(1))))m", forKey: "grpc-timeout")
        if let token = options.token {
            metadata.addString(Data(token.utf8).base64EncodedString(), forKey: "authorization")
        }
        self.metadata = metadata
        calls = CallLimiter(options.concurrentCalls)
        writes = Locked(CallLimiter(options.concurrentCalls))
        let executor = EventLoopExecutor()
        self.executor = executor
        let transport = try withVectorError {
            try HTTP2ClientTransport.Posix(
                target: .dns(host: address.host, port: address.port),
                transportSecurity: address.isSecure
                    ? .tls { tls in
                        guard let file = options.trustedCertificates else { return }
                        tls.trustRoots = .certificates([.file(path: file.path(percentEncoded: false), format: .pem)])
                    } : .plaintext,
                config: .defaults { config in
                    // Servers come back within seconds or not at all.
                    config.backoff.initial = .milliseconds(100)
                    config.backoff.max = .seconds(2)
                    // A call is one message: nothing follows that could be sent with it.
                    config.connection.flushCoalescing = nil
                },
                eventLoopGroup: executor.loop
            )
        }
        self.transport = transport
        connections = Task(executorPreference: executor) { try? await transport.connect() }
    }

    deinit { transport.beginGracefulShutdown() }

    /// Ends the connections, once the calls under way have ended.
    func close() async {
        isClosed.withLock { $0 = true }
        transport.beginGracefulShutdown()
        await connections.value
    }

    /// Whether the server is `milvus-lite`.
    var isLite: Bool { lite.withLock { $0 } }

    /// The server has said that it is `milvus-lite`, which by its own words is not made for several writes at a time.
    func noteLite() {
        lite.withLock { $0 = true }
        writes.withLock { $0 = CallLimiter(1) }
    }

    /// Calls a method that reads, or whose repetition is harmless: until it succeeds or the server's time is over.
    func call<Request: Message, Answer: ServerAnswer>(
        _ method: String,
        _ request: Request,
        returning: Answer.Type = Answer.self
    ) async throws(VectorError) -> Answer {
        let end = ContinuousClock.now + options.patience
        var pause = Duration.milliseconds(50)
        var unexpected = 0
        while true {
            let failure = await attempt(method, request, returning: Answer.self)
            switch failure {
            case .success(let answer): return answer
            case .failure(let failure):
                if failure.isUnexpected { unexpected += 1 }
                // What is "unexpected" for the server may pass, as when one of its parts has just gone, or may not.
                guard failure.isTemporary || (failure.isUnexpected && unexpected < 4), ContinuousClock.now + pause < end
                else { throw failure.error }
            }
            do {
                try await Task.sleep(for: pause * Double.random(in: 0.5...1))
            } catch {
                throw .cancelled
            }
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Calls a method that writes rows: as ``call(_:_:returning:)``, but one at a time where the server needs that.
    func write<Request: Message>(_ method: String, _ request: Request) async throws(VectorError) -> WireMutationResult {
        let limiter = writes.withLock { $0 }
        do {
            return try await limiter.run { try await call(method, request) }
        } catch {
            throw error as? VectorError ?? .cancelled
        }
    }

    /// Calls a method once: repeating it could fail because the first call had succeeded.
    func callOnce<Request: Message, Answer: ServerAnswer>(
        _ method: String,
        _ request: Request,
        returning: Answer.Type = Answer.self
    ) async throws(VectorError) -> Answer {
        switch await attempt(method, request, returning: Answer.self) {
        case .success(let answer): return answer
        case .failure(let failure): throw failure.error
        }
    }

    private struct Failure: Error {
        var error: VectorError
        var isTemporary = false
        var isUnexpected = false
    }

    private func attempt<Request: Message, Answer: ServerAnswer>(
        _ method: String,
        _ request: Request,
        returning: Answer.Type
    ) async -> Result<Answer, Failure> {
        if isClosed.withLock({ $0 }) {
            return .failure(Failure(error: VectorError(.closed, "the connection to \(address) is closed")))
        }
        do {
            let answer: Answer = try await calls.run {
                let bytes: [UInt8] = try request.serializedBytes()
                return try Answer(serializedBytes: try await unary(method, bytes))
            }
            guard let refusal = answer.status.refusal else { return .success(answer) }
            return .failure(failure(of: refusal, method))
        } catch {
            return .failure(failure(of: error, method))
        }
    }

    private func failure(of refusal: ServerRefusal, _ method: String) -> Failure {
        let words = "'\(refusal.reason.prefix(200))' (\(refusal.code))"
        return switch refusal.code {
        case ServerRefusal.collectionNotFound:
            Failure(error: VectorError(.unknownCollection, "the server \(address) has no such collection: \(words)"))
        case ServerRefusal.indexNotFound: Failure(error: VectorError(.noIndex, "no index: \(words)"))
        case _ where refusal.isTemporary:
            Failure(
                error: VectorError(.unavailable, "the server \(address) is not ready for \(method): \(words)"),
                isTemporary: true
            )
        default:
            Failure(
                error: VectorError(.server, "the server \(address) refused \(method): \(words)"),
                isUnexpected: refusal.code == ServerRefusal.unexpected
            )
        }
    }

    private func failure(of error: any Error, _ method: String) -> Failure {
        if error is CancellationError || Task.isCancelled { return Failure(error: .cancelled) }
        guard let error = error as? RPCError else {
            return Failure(error: VectorError(.server, "\(method) failed at the server \(address): \(error)"))
        }
        let words = error.message.prefix(200)
        return switch error.code {
        case .unavailable:
            Failure(
                error: VectorError(.unavailable, "the server \(address) can't be reached: \(words)"),
                isTemporary: true
            )
        case .deadlineExceeded:
            Failure(
                error: VectorError(
                    .timedOut,
                    "the server \(address) did not answer \(method) within \(options.deadline)"
                )
            )
        case .unauthenticated, .permissionDenied:
            Failure(error: VectorError(.notPermitted, "the server \(address) does not allow \(method): \(words)"))
        case .resourceExhausted:
            Failure(
                error: VectorError(
                    .tooLarge,
                    "a message of \(method) is larger than the server \(address) or this client allows, "
                        + "\(Self.maximumMessageSize) bytes: \(words)"
                )
            )
        default:
            // A connection that breaks within an answer has several names.
            Failure(
                error: VectorError(.server, "\(method) failed at the server \(address): \(error.code), \(words)"),
                isUnexpected: error.code == .internalError || error.code == .unknown || error.code == .aborted
                    || error.code == .cancelled
            )
        }
    }

    /// Sends a message and waits for the answer, all on the event loop; messages are written and read elsewhere.
    ///
    /// `GRPCClient` would do it by four tasks a call, one of which sleeps until the deadline on yet another thread.
    private func unary(_ method: String, _ request: [UInt8]) async throws -> [UInt8] {
        let end = ContinuousClock.now + options.deadline
        return try await withTaskExecutorPreference(executor) {
            let call = Task(executorPreference: executor) { [transport, metadata] in
                try await Self.unary(method, request, transport, metadata)
            }
            let timer = executor.loop.scheduleTask(in: TimeAmount(options.deadline)) { call.cancel() }
            defer { timer.cancel() }
            do {
                return try await withTaskCancellationHandler {
                    try await call.value
                } onCancel: {
                    call.cancel()
                }
            } catch {
                if !Task.isCancelled, ContinuousClock.now >= end {
                    throw RPCError(code: .deadlineExceeded, message: "no answer in time")
                }
                throw error as? RPCError ?? RPCError(code: .unknown, message: "\(error)", cause: error)
            }
        }
    }

    private static func unary(
        _ method: String,
        _ request: [UInt8],
        _ transport: HTTP2ClientTransport.Posix,
        _ metadata: Metadata
    ) async throws -> [UInt8] {
        var options = CallOptions.defaults
        options.maxRequestMessageBytes = maximumMessageSize
        options.maxResponseMessageBytes = maximumMessageSize
        let method = MethodDescriptor(
            fullyQualifiedService: "milvus.proto.milvus.MilvusService",
            method: method,
            // The whole request is sent by one system call.
            type: .unary
        )
        return try await transport.withStream(descriptor: method, options: options) { stream, _ in
            do {
                try await stream.outbound.write(contentsOf: [.metadata(metadata), .message(.init(request))])
                await stream.outbound.finish()
            } catch {
                // What the server may have said to it comes below.
                await stream.outbound.finish(throwing: error)
            }
            var answer: [UInt8]?
            for try await part in stream.inbound {
                switch part {
                case .metadata: break
                case .message(let bytes): answer = bytes.withUnsafeBytes { Array($0) }
                case .status(let status, let metadata):
                    if let error = RPCError(status: status, metadata: metadata) { throw error }
                }
            }
            try Task.checkCancellation()
            guard let answer else { throw RPCError(code: .internalError, message: "an answer without a message") }
            return answer
        }
    }
}
#endif
