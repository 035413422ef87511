package import Foundation

/// A file that comes into being whole or not at all.
///
/// Bytes go to a temporary file in the destination's folder; ``commit()`` flushes it to the disk, renames it over the
/// destination and flushes the folder. Until then the old file stays as it was, and a failure or a crash leaves
/// nothing behind but, at worst, the temporary file. Every step's result is checked.
///
/// A destination that exists and is not a regular file (a pipe, `/dev/stdout`, `/dev/full`) is written in place: a
/// rename would replace the device itself. A symbolic link is followed, so that it keeps pointing at the new content.
package final class AtomicFile {
    /// Where the file will be, for messages.
    package let path: String
    private let temporaryPath: String?
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 20

    package init(replacing url: URL) throws(VectorError) {
        let path = try followingLinks(url.filePath)
        let old = fileStatus(path)
        if let old, old.isFolder {
            throw VectorError(.inputOutput, "can't write '\(path)': it is a folder")
        }
        if let old, !old.isRegularFile {
            self.temporaryPath = nil
            self.descriptor = try systemCall("write '\(path)'") { open(path, O_WRONLY | O_CLOEXEC) }
        } else {
            let permissions = old.map { $0.st_mode & 0o777 }
            // A short name of its own: the destination's name with an ending could be too long.
            let prefix = "\(parentFolder(of: path))."
            let (descriptor, temporary) = try openNewFile(
                in: prefix,
                O_WRONLY,
                permissions: permissions ?? 0o666,
                "write '\(path)'"
            )
            self.descriptor = descriptor
            self.temporaryPath = temporary
            // The process's mask took part in open(); an old file's permissions are kept as they are.
            if let permissions { fchmod(descriptor, permissions) }
        }
        self.path = path
        buffer.reserveCapacity(Self.bufferSize)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if let temporaryPath { unlink(temporaryPath) }  // Fails harmlessly once commit() has renamed it.
    }

    /// Adds bytes at the end.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(VectorError) {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        if bytes.count >= Self.bufferSize {
            try writeFully(descriptor, bytes, "write '\(path)'")
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    /// Adds bytes at the end.
    package func write(_ bytes: [UInt8]) throws(VectorError) {
        try withBytes(of: bytes) { raw throws(VectorError) in try write(raw) }
    }

    /// Adds text at the end, as UTF-8.
    package func write(_ text: String) throws(VectorError) {
        try write(Array(text.utf8))
    }

    /// Replaces bytes that were written before, such as a header that needs the length of what follows it.
    package func overwrite(_ bytes: [UInt8], at offset: Int) throws(VectorError) {
        try flush()
        try withBytes(of: bytes) { raw throws(VectorError) in
            try writeFully(descriptor, raw, at: offset, "write '\(path)'")
        }
    }

    /// Makes the file durable under its name. Nothing may be written afterwards.
    package func commit() throws(VectorError) {
        try flush()
        if temporaryPath != nil { try synchronize(descriptor, path) }
        let closing = descriptor
        descriptor = -1
        // Not repeated on EINTR: Linux has released the descriptor even then.
        if close(closing) == -1, errno != EINTR {
            throw VectorError(.inputOutput, "can't write '\(path)': \(String(cString: strerror(errno)))")
        }
        guard let temporaryPath else { return }
        try systemCall("rename '\(temporaryPath)' to '\(path)'") { rename(temporaryPath, path) }
        let folder = parentFolder(of: path)
        let folderDescriptor = try systemCall("open '\(folder)'") { open(folder, O_RDONLY | O_CLOEXEC) }
        defer { close(folderDescriptor) }
        try synchronize(folderDescriptor, path)
    }

    private func flush() throws(VectorError) {
        guard !buffer.isEmpty else { return }
        try withBytes(of: buffer) { raw throws(VectorError) in try writeFully(descriptor, raw, "write '\(path)'") }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// The folder that holds the file, with its last slash.
private func parentFolder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
}

/// The path behind symbolic links, also where the last one leads to a file that does not exist yet.
private func followingLinks(_ path: String) throws(VectorError) -> String {
    var path = path
    for _ in 0..<40 {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            return String(cString: resolved)
        }
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = target.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        guard count > 0 else { return path }
        let destination = String(decoding: target[..<count], as: UTF8.self)
        path = destination.hasPrefix("/") ? destination : parentFolder(of: path) + destination
    }
    throw VectorError(.inputOutput, "can't write '\(path)': it is a symbolic link that leads nowhere")
}

/// `withUnsafeBytes` with a typed error.
private func withBytes(
    of bytes: [UInt8],
    _ body: (UnsafeRawBufferPointer) throws(VectorError) -> Void
) throws(VectorError) {
    try bytes.withUnsafeBufferPointer { typed throws(VectorError) in try body(UnsafeRawBufferPointer(typed)) }
}
