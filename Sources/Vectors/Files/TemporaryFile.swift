import Foundation

/// A file without a name, written and read at any offset from any number of threads, that is gone with its last use.
///
/// Its name is removed as soon as it is open, so that the system takes back its space however the process ends.
package final class TemporaryFile: Sendable {
    private let folder: String
    private let descriptor: Int32

    /// Where temporary files go: `TMPDIR`, or `/var/tmp`, which unlike `/tmp` is on a disk on most systems.
    package static var standardFolder: String {
        getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
    }

    package init(in folder: String) throws(VectorError) {
        let (descriptor, path) = try openNewFile(
            in: folder + "/",
            O_RDWR,
            permissions: 0o600,
            "make a temporary file in '\(folder)' (TMPDIR names another folder)"
        )
        unlink(path)
        self.descriptor = descriptor
        self.folder = folder
    }

    deinit { close(descriptor) }

    /// Writes all bytes at an offset.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(VectorError) {
        try writeFully(
            descriptor,
            bytes,
            at: offset,
            "write \(bytes.count) bytes behind \(offset) bytes of a temporary file in '\(folder)' (TMPDIR names another "
                + "folder)"
        )
    }

    /// Fills the buffer with the bytes from an offset on, which must have been written.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(VectorError) {
        let done = try readFully(descriptor, into: buffer, at: offset, "read a temporary file in '\(folder)'")
        guard done == buffer.count else {
            throw VectorError(
                .inputOutput,
                "a temporary file in '\(folder)' ends after \(offset + done) bytes, \(offset + buffer.count) were expected"
            )
        }
    }
}
