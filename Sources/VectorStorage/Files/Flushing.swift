import Foundation
import Vectors

/// Makes a file or the names in a folder durable.
func flush(_ url: URL) throws(VectorError) {
    let path = try url.filePath
    let descriptor = try systemCall("open '\(path)'") { open(path, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    try synchronize(descriptor, path)
}
