#if Milvus
public import Vectors

/// What can go wrong between this process and a Milvus server.
extension VectorError.Code {
    /// The server can't be reached, or says that it is not ready, and was waited for in vain.
    public static let unavailable = VectorError.Code("unavailable")
    /// The server did not answer within the deadline. Whether it did what was asked is not known.
    public static let timedOut = VectorError.Code("timedOut")
    /// The server does not know who asks, or does not allow it.
    public static let notPermitted = VectorError.Code("notPermitted")
    /// The server refused, or answered what this client can't read; the message has its words.
    public static let server = VectorError.Code("server")
    /// A collection has no index; never seen outside.
    static let noIndex = VectorError.Code("noIndex")
}
#endif
