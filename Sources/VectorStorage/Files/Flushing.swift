import Foundation
import Vectors

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Makes a file or the names in a folder durable.
func flush(_ url: URL) throws(StorageError) {
    try withStorageError {
        let path = try url.filePath
        let descriptor = try systemCall("open '\(path)'") { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        try systemCall("flush '\(path)' to the disk") { fsync(descriptor) }
    }
}
