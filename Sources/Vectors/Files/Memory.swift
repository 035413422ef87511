#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The bytes of physical memory of this machine.
package let physicalMemory: Int = {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && size > 0 ? pages * size : Int.max
}()

/// Refuses a request that the machine's memory can't hold, before Swift's allocator would trap on it.
package func checkMemory(bytes: Int, for purpose: @autoclosure () -> String) throws(VectorError) {
    guard bytes >= 0, bytes <= physicalMemory else {
        throw VectorError(
            .tooLarge,
            "\(purpose()) would take \(bytes) bytes, this machine has \(physicalMemory) bytes of memory"
        )
    }
}
