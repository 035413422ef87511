#if Milvus
import SwiftProtobuf

/// An answer that says whether the server did what was asked.
protocol ServerAnswer: Message {
    var status: WireStatus { get }
}

extension WireStatus: ServerAnswer {
    var status: WireStatus { self }

    /// What the server says went wrong; nil if nothing did. One of the two numbers alone may say so.
    var refusal: ServerRefusal? {
        errorCode == 0 && code == 0 ? nil : ServerRefusal(code: code == 0 ? errorCode : code, reason: reason)
    }
}

extension WireConnectResponse: ServerAnswer {}
extension WireDescribeCollectionResponse: ServerAnswer {}
extension WireShowCollectionsResponse: ServerAnswer {}
extension WireGetLoadStateResponse: ServerAnswer {}
extension WireDescribeIndexResponse: ServerAnswer {}
extension WireFlushResponse: ServerAnswer {}
extension WireMutationResult: ServerAnswer {}
extension WireSearchResults: ServerAnswer {}
extension WireQueryResults: ServerAnswer {}

/// Why a server did not do what was asked.
struct ServerRefusal: Error {
    let code: Int32
    let reason: String

    /// The collection is not there.
    static let collectionNotFound: Int32 = 100
    /// The collection is not in the servers' memory (yet).
    static let collectionNotLoaded: Int32 = 101
    /// The field has no index.
    static let indexNotFound: Int32 = 700
    /// Anything else.
    static let unexpected: Int32 = 65_535

    /// Whether the server may do it a little later: it is starting, loading, or another of its parts has gone.
    var isTemporary: Bool {
        switch code {
        // Not ready, unavailable; not loaded, not fully loaded; no channel, no node.
        case 1, 2, Self.collectionNotLoaded, 103, 500...503, 901, 902: true
        default: false
        }
    }
}
#endif
