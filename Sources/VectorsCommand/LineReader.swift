import Vectors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The lines of a file or of standard input, one at a time: bytes without the line's end.
struct LineReader {
    /// The number of the line that was read last, from 1.
    private(set) var number = 0
    private let descriptor: Int32?
    private let file: InputFile?
    private var offset = 0
    private var buffer: [UInt8] = []
    /// What of the buffer has been handed out.
    private var start = 0
    private var isAtEnd = false
    private static let blockSize = 1 << 16

    /// Of standard input.
    init() {
        descriptor = STDIN_FILENO
        file = nil
    }

    /// Of a file, which is opened here and now.
    init(_ path: String) throws {
        descriptor = nil
        file = try InputFile(fileURL(path))
    }

    /// The next line, or nil at the end.
    mutating func next() throws -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return line(buffer[start..<end])
            }
            searched = buffer.count - start
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return line(buffer[start...])
            }
            buffer.removeSubrange(..<start)
            start = 0
            try fill()
        }
    }

    /// The next line that holds more than white space, or nil at the end: JSON lines may have empty ones among them.
    mutating func nextFilled() throws -> ArraySlice<UInt8>? {
        while let line = try next() {
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return line }
        }
        return nil
    }

    /// Whether the next line has to be waited for, longer than this.
    func waits(milliseconds: Int32) -> Bool {
        guard let descriptor, !isAtEnd, !buffer[start...].contains(UInt8(ascii: "\n")) else { return false }
        var input = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&input, 1, milliseconds) == 0
    }

    private mutating func line(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        number += 1
        return bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
    }

    /// The system's `read`, whose name is taken here.
    private static func read(_ descriptor: Int32, _ block: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, block.baseAddress, block.count)
        #else
            Darwin.read(descriptor, block.baseAddress, block.count)
        #endif
    }

    private mutating func fill() throws {
        let count = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.blockSize))
        let read = try buffer.withUnsafeMutableBytes { bytes in
            let block = UnsafeMutableRawBufferPointer(rebasing: bytes[count...])
            if let file { return try file.read(into: block, at: offset) }
            return try systemCall("read standard input") { Self.read(STDIN_FILENO, block) }
        }
        buffer.removeSubrange((count + read)...)
        offset += read
        isAtEnd = read == 0
    }
}
