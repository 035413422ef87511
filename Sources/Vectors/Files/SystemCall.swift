// Foundation hands on the C library of each system: Darwin, glibc or musl. So nothing here names one.
import Foundation

/// Runs a system call that answers −1 on failure, again while a signal interrupts it, and turns `errno` into an error
/// that names what was tried and on which file.
@discardableResult
package func systemCall<Result: FixedWidthInteger>(
    _ action: @autoclosure () -> String,
    _ call: () -> Result
) throws(VectorError) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let number = errno
        if number == EINTR { continue }
        throw VectorError(.inputOutput, "can't \(action()): \(String(cString: strerror(number)))")
    }
}

/// More than 2 GiB at a time are refused by Darwin.
private let largestTransfer = 1 << 30

/// Fills the buffer with a file's bytes from an offset on. Returns their number: fewer only at the end of the file.
func readFully(
    _ descriptor: Int32,
    into buffer: UnsafeMutableRawBufferPointer,
    at offset: Int,
    _ action: @autoclosure () -> String
) throws(VectorError) -> Int {
    var done = 0
    while done < buffer.count {
        let count = try systemCall(action()) {
            let size = min(buffer.count - done, largestTransfer)
            return pread(descriptor, buffer.baseAddress! + done, size, off_t(offset + done))
        }
        if count == 0 { break }
        done += count
    }
    return done
}

/// Writes all bytes from an offset on, or, without one, behind what was written last: a pipe has no offsets.
func writeFully(
    _ descriptor: Int32,
    _ bytes: UnsafeRawBufferPointer,
    at offset: Int? = nil,
    _ action: @autoclosure () -> String
) throws(VectorError) {
    var done = 0
    while done < bytes.count {
        let (start, size) = (bytes.baseAddress! + done, min(bytes.count - done, largestTransfer))
        done += try systemCall(action()) {
            if let offset {
                pwrite(descriptor, start, size, off_t(offset + done))
            } else {
                write(descriptor, start, size)
            }
        }
    }
}

/// Makes a new file in a folder, whose path ends with a slash, under a name that no other file has.
func openNewFile(
    in folder: String,
    _ access: Int32,
    permissions: mode_t,
    _ action: @autoclosure () -> String
) throws(VectorError) -> (descriptor: Int32, path: String) {
    while true {
        let path = "\(folder)swift-faiss-\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp"
        let descriptor = open(path, access | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
        if descriptor == -1, errno == EEXIST || errno == EINTR { continue }
        return (try systemCall(action()) { descriptor }, path)
    }
}

/// Makes the bytes of a file, or the names in a folder, durable.
package func synchronize(_ descriptor: Int32, _ path: String) throws(VectorError) {
    #if canImport(Darwin)
    // fsync on Darwin stops at the drive's cache; F_FULLFSYNC goes through it, where the volume knows how.
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    try systemCall("flush '\(path)' to the disk") {
        // Some file systems can't flush a folder and say EINVAL; there is nothing more to be done then.
        fsync(descriptor) == -1 && errno != EINVAL ? -1 : 0 as Int32
    }
}

/// The permissions and the kind of a file; nil if there is none.
///
/// - Parameter followingLinks: whether a symbolic link stands for what it leads to.
func fileStatus(_ path: String, followingLinks: Bool = true) -> stat? {
    var status = stat()
    return (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 ? status : nil
}

extension stat {
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
}
