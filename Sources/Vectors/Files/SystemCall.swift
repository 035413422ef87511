#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

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
