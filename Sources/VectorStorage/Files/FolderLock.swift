import Foundation
import Vectors

/// The right to write to a store: an exclusive lock on the file `lock` in its folder, which the system takes back
/// however the process ends.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: URL) throws(VectorError) {
        let path = try Self.file(in: folder).filePath
        descriptor = try systemCall("open '\(path)'") { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var text = [UInt8](repeating: 0, count: 32)
            let length = pread(descriptor, &text, text.count, 0)
            let owner = String(decoding: text[..<max(length, 0)], as: UTF8.self)
            close(descriptor)
            throw VectorError(
                .locked,
                "'\(folder.path)' is open for writing already, by process \(owner.isEmpty ? "(unknown)" : owner); "
                    + "one at a time may write, others can open it for reading only"
            )
        }
        // For the message above only.
        let text = Array(String(getpid()).utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }

    deinit { close(descriptor) }

    /// The file that is locked.
    static func file(in folder: URL) -> URL { folder.appending(path: "lock") }
}
