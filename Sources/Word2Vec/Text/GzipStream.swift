import CZlib
import Vectors

/// The text in a gzip file (RFC 1952), of one or more members, read from start to end.
///
/// Zeros behind the last member, as tapes and block devices leave them, are no error; anything else there is.
final class GzipStream {
    private let file: InputFile
    /// The path, for messages.
    var path: String { file.path }
    /// At a fixed place, which zlib insists on.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var position = 0
    private var state = State.betweenMembers

    private enum State {
        case betweenMembers, inMember, ended
    }

    /// Whether a file starts as gzip files do.
    static func isGzip(_ file: InputFile) throws(VectorError) -> Bool {
        try file.firstBytes(2) == [0x1F, 0x8B]
    }

    init(_ file: InputFile) throws(VectorError) {
        self.file = file
        input = .allocate(byteCount: 1 << 18, alignment: 64)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // The largest window; 16 asks for gzip's header and checksum.
        let code = inflateInit2_(stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            throw VectorError(.tooLarge, "there is no memory to read the gzip file '\(file.path)'")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills the buffer; gives fewer bytes only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(VectorError) -> Int {
        guard buffer.count > 0 else { return 0 }
        stream.pointee.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(buffer.count)
        while stream.pointee.avail_out > 0, state != .ended {
            if stream.pointee.avail_in == 0 { try refill() }
            switch state {
            case .inMember: try inflateSome()
            case .betweenMembers: try beginMember()
            case .ended: break
            }
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }

    private func refill() throws(VectorError) {
        let count = try file.read(into: input, at: position)
        position += count
        stream.pointee.next_in = input.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
    }

    private func inflateSome() throws(VectorError) {
        let code = inflate(stream, Z_NO_FLUSH)
        switch code {
        case Z_STREAM_END: state = .betweenMembers
        case Z_OK: break
        case Z_BUF_ERROR where stream.pointee.avail_in == 0: throw failure("ends within its compressed data")
        case Z_MEM_ERROR: throw VectorError(.tooLarge, "there is no memory to read the gzip file '\(file.path)'")
        default: throw failure(stream.pointee.msg.map { String(cString: $0) } ?? "is damaged")
        }
    }

    /// Looks at the byte behind a member: what may stand there is another one, zeros, or the end.
    private func beginMember() throws(VectorError) {
        guard stream.pointee.avail_in > 0 else {
            state = .ended
            return
        }
        if stream.pointee.next_in.pointee == 0 {
            while stream.pointee.avail_in > 0 {
                let rest = UnsafeBufferPointer(start: stream.pointee.next_in, count: Int(stream.pointee.avail_in))
                guard rest.allSatisfy({ $0 == 0 }) else { throw failure("has other data behind its compressed data") }
                try refill()
            }
            state = .ended
        } else if stream.pointee.next_in.pointee == 0x1F {
            inflateReset(stream)
            state = .inMember
        } else {
            throw failure("has other data behind its compressed data")
        }
    }

    private func failure(_ what: String) -> VectorError {
        VectorError(.invalidFormat, "the gzip file '\(file.path)' can't be read near byte \(place): \(what)")
    }

    private var place: Int { position - Int(stream.pointee.avail_in) }
}
