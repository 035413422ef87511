package import struct Foundation.URL

extension WordVectors {
    /// What the first line of a file says of it; nil where it says nothing, as in GloVe's files. Reads no more than that.
    package static func header(of url: URL) throws(Word2VecError) -> (count: Int, dimension: Int)? {
        var start: [UInt8] = []
        _ = try ByteStream(url).append(64, to: &start)
        guard let end = start.firstIndex(of: 0x0A) else { return nil }
        return start[..<end].withUnsafeBufferPointer { TextFormat.header($0[...].fields) }
    }
}
