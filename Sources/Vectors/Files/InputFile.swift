package import Foundation

/// A regular file opened for reading at any offset, from any number of threads.
///
/// Read with `pread`, not mapped: a file that somebody shortens while we read it then gives an error, where a mapping
/// would end the process with SIGBUS.
///
/// A pointer that git-lfs leaves in the place of a file it has not fetched is refused here, for all readers.
package final class InputFile: Sendable {
    /// The path, for messages.
    package let path: String
    /// The size in bytes when the file was opened.
    package let size: Int
    private let descriptor: Int32

    package init(_ url: URL) throws(VectorError) {
        let path = try url.filePath
        let descriptor = try systemCall("open '\(path)'") { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.isRegularFile else {
            close(descriptor)
            throw VectorError(.inputOutput, "can't read '\(path)': it is not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        self.size = Int(status.st_size)
        try refusePointer()
    }

    /// By git-lfs's specification a pointer has fewer than 1,024 bytes and starts with this line.
    private func refusePointer() throws(VectorError) {
        let start = "version https://git-lfs.github.com/spec/".utf8
        guard size < 1024, size > start.count else { return }
        guard try !firstBytes(start.count).elementsEqual(start) else {
            throw VectorError(
                .invalidFormat,
                "'\(path)' is a git-lfs pointer, not the file that it stands for: run 'git lfs pull'"
            )
        }
    }

    deinit { close(descriptor) }

    /// Reads up to `buffer.count` bytes from `offset` on; fewer only at the end of the file. Returns their number.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(VectorError) -> Int {
        try readFully(descriptor, into: buffer, at: offset, "read '\(path)'")
    }

    /// The first bytes, which name the kind of file; fewer than asked for if the file has no more.
    package func firstBytes(_ count: Int) throws(VectorError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let found = try bytes.withUnsafeMutableBufferPointer { buffer throws(VectorError) in
            try read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
        return Array(bytes[..<found])
    }

    /// Fills the whole buffer, or throws if the file ends before.
    package func readExactly(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(VectorError) {
        guard try read(into: buffer, at: offset) == buffer.count else {
            // The size as it is now: somebody may have shortened the file.
            var status = stat()
            let end = fstat(descriptor, &status) == 0 ? Int(status.st_size) : size
            throw VectorError(
                .invalidFormat,
                "'\(path)' ends after \(end) bytes, \(offset + buffer.count) were expected"
            )
        }
    }

    /// Tells the system that reads jump: what follows one is of no use.
    package func expectRandomReads() {
        #if canImport(Darwin)
        _ = fcntl(descriptor, F_RDAHEAD, 0)
        #else
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
        #endif
    }

    /// Tells the system which bytes will be read soon, so that it reads them from the disk meanwhile. Only advice: it may
    /// do nothing.
    package func expectRead(of range: Range<Int>) {
        // Linux reads no more at a time than it reads ahead, 128 KiB unless told otherwise, and leaves out the rest.
        let step = 128 << 10
        for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
            let count = min(step, range.upperBound - start)
            #if canImport(Darwin)
            var advice = radvisory(ra_offset: off_t(start), ra_count: Int32(count))
            _ = fcntl(descriptor, F_RDADVISE, &advice)
            #else
            posix_fadvise(descriptor, off_t(start), off_t(count), POSIX_FADV_WILLNEED)
            #endif
        }
    }

    /// The bytes of a range.
    package func bytes(_ range: Range<Int>) throws(VectorError) -> [UInt8] {
        try checkMemory(bytes: range.count, for: "reading \(range.count) bytes of '\(path)'")
        return try withVectorError {
            try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
                let whole = UnsafeMutableRawBufferPointer(buffer)[..<range.count]
                try readExactly(into: UnsafeMutableRawBufferPointer(rebasing: whole), at: range.lowerBound)
                initialized = range.count
            }
        }
    }
}

extension URL {
    /// The path for system calls. A remote URL has none that would mean anything here.
    package var filePath: String {
        get throws(VectorError) {
            guard isFileURL else {
                throw VectorError(.invalidArgument, "'\(absoluteString)' is not a file URL")
            }
            let path = path(percentEncoded: false)
            guard !path.isEmpty, !path.utf8.contains(0) else {
                throw VectorError(.invalidArgument, "'\(absoluteString)' has no usable path")
            }
            return path
        }
    }
}
