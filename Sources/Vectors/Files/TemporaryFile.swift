#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A file without a name, written and read at any offset from any number of threads, that is gone with its last use.
///
/// Its name is removed as soon as it is open, so that the system takes back its space however the process ends.
package final class TemporaryFile: Sendable {
    private let folder: String
    private let descriptor: Int32

    /// Where temporary files go: `TMPDIR`, or `/var/tmp`, which unlike `/tmp` is not kept in memory by custom.
    package static var standardFolder: String {
        getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
    }

    package init(in folder: String) throws(VectorError) {
        var path = ""
        var opened: Int32 = -1
        repeat {
            path = "\(folder)/swift-faiss-\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp"
            opened = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        } while opened == -1 && (errno == EEXIST || errno == EINTR)
        descriptor = try systemCall("make a temporary file in '\(folder)' (TMPDIR names another folder)") { opened }
        unlink(path)
        self.folder = folder
    }

    deinit { close(descriptor) }

    /// Writes all bytes at an offset.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(VectorError) {
        var done = 0
        while done < bytes.count {
            done += try systemCall(
                "write \(bytes.count) bytes behind \(offset) bytes of a temporary file in '\(folder)' (TMPDIR names "
                    + "another folder)"
            ) {
                pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            }
        }
    }

    /// Fills the buffer with the bytes from an offset on, which must have been written.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(VectorError) {
        var done = 0
        while done < buffer.count {
            let count = try systemCall("read a temporary file in '\(folder)'") {
                pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            }
            guard count > 0 else {
                throw VectorError(
                    .inputOutput,
                    "a temporary file in '\(folder)' ends after \(offset + done) bytes, "
                        + "\(offset + buffer.count) were expected"
                )
            }
            done += count
        }
    }
}
