package import Foundation

/// Folders and names in them, by the system's own calls: Foundation's errors are not for users.
package enum Folder {
    /// Which file a path leads to; nil if none.
    package struct Identity: Sendable, Equatable {
        private let device: UInt64
        private let number: UInt64

        package init?(_ path: String) {
            guard let status = fileStatus(path) else { return nil }
            device = UInt64(truncatingIfNeeded: status.st_dev)
            number = UInt64(truncatingIfNeeded: status.st_ino)
        }
    }

    /// Whether a path leads to a regular file.
    package static func hasFile(_ url: URL) throws(VectorError) -> Bool {
        fileStatus(try url.filePath)?.isRegularFile ?? false
    }

    /// Makes a folder and those above it, where they are missing.
    package static func create(_ url: URL) throws(VectorError) {
        // Without the slash of a folder's URL, which would lead through a link.
        var path = try url.filePath
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if let status = fileStatus(path) {
            guard status.isFolder else {
                throw VectorError(.inputOutput, "can't make the folder '\(path)': it is a file")
            }
            return
        }
        if fileStatus(path, followingLinks: false) != nil {
            throw VectorError(.inputOutput, "can't make the folder '\(path)': it is a link that leads nowhere")
        }
        let parent = url.deletingLastPathComponent()
        if try parent.filePath != url.filePath { try create(parent) }
        try systemCall("make the folder '\(path)'") { mkdir(path, 0o777) == -1 && errno != EEXIST ? -1 : 0 as Int32 }
    }

    /// Removes a file, if there is one.
    package static func removeFile(_ url: URL) throws(VectorError) {
        let path = try url.filePath
        try systemCall("remove '\(path)'") { unlink(path) == -1 && errno != ENOENT ? -1 : 0 as Int32 }
    }

    /// Gives a file or folder another name.
    package static func move(_ url: URL, to destination: URL) throws(VectorError) {
        let (old, new) = (try url.filePath, try destination.filePath)
        try systemCall("rename '\(old)' to '\(new)'") { rename(old, new) }
    }

    /// Copies a regular file, to the disk.
    package static func copy(_ url: URL, to destination: URL) throws(VectorError) {
        let source = try InputFile(url)
        let file = try AtomicFile(replacing: destination)
        var block = [UInt8](repeating: 0, count: 1 << 20)
        for start in stride(from: 0, to: source.size, by: block.count) {
            let count = min(block.count, source.size - start)
            try block.withUnsafeMutableBufferPointer { block throws(VectorError) in
                let piece = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: block[..<count]))
                try source.readExactly(into: piece, at: start)
                try file.write(UnsafeRawBufferPointer(piece))
            }
        }
        try file.commit()
    }
}
