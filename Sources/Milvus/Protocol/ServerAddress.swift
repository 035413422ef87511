#if Milvus
import Foundation
import Vectors

/// Where a server is: `http://HOST[:PORT]` or `https://HOST[:PORT]`.
struct ServerAddress: Sendable, CustomStringConvertible {
    let host: String
    let port: Int
    let isSecure: Bool

    init(_ url: URL) throws(VectorError) {
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme), let host = url.host(),
            !host.isEmpty, url.path.isEmpty || url.path == "/", url.query == nil, url.user == nil
        else {
            throw VectorError(
                .invalidArgument,
                "'\(url.absoluteString)' is not the address of a Milvus server, http://HOST:PORT or https://HOST:PORT"
            )
        }
        // Foundation leaves the brackets of an IPv6 address in place on some systems.
        self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        isSecure = scheme == "https"
        port = url.port ?? 19_530
        try checkRange(port, 1...65_535, "the port")
    }

    /// The address as a person writes it.
    var description: String {
        "\(isSecure ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
#endif
