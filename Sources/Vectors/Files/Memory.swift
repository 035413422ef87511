import Foundation

/// The bytes of physical memory of this machine.
private let physicalMemory: Int = {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && size > 0 ? pages * size : Int.max
}()

/// The most bytes of physical memory that this process has held at a time so far; 0 if it is unknown.
package var peakMemory: Int {
    #if canImport(Darwin)
    var usage = rusage()
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0
    #else
    // Not getrusage, whose figure on Linux is also that of the program that started this one, if that was larger.
    let fields =
        smallFile("/proc/self/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(
            separator: " "
        ) ?? []
    return fields.count == 3 ? (Int(fields[1]) ?? 0) * 1024 : 0
    #endif
}

/// The bytes of memory that this process may use: the machine's, or less where a control group (a container's limit) or
/// `setrlimit` says so. Asked for once.
package let usableMemory: Int = {
    var bytes = physicalMemory
    #if canImport(Darwin)
    let resources = [RLIMIT_AS, RLIMIT_DATA]
    #else
    let resources = [RLIMIT_AS, RLIMIT_DATA].map { __rlimit_resource_t($0.rawValue) }
    #endif
    for resource in resources {
        var limit = rlimit()
        let isKnown = getrlimit(resource, &limit) == 0
        if isKnown { bytes = min(bytes, Int(clamping: limit.rlim_cur)) }
    }
    #if os(Linux)
    bytes = min(bytes, controlGroupMemory())
    #endif
    return bytes
}()

#if os(Linux)
/// The lowest limit among the process's control group and those above it, of version 2 or 1 of the interface.
private func controlGroupMemory() -> Int {
    var bytes = Int.max
    for line in smallFile("/proc/self/cgroup").split(separator: "\n") {
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { continue }
        let (root, name) =
            fields[1].split(separator: ",").contains("memory")
            ? ("/sys/fs/cgroup/memory", "memory.limit_in_bytes") : ("/sys/fs/cgroup", "memory.max")
        guard fields[1].isEmpty || name != "memory.max" else { continue }
        // Inside a container the path may lead nowhere; the files then stand at the root.
        var path = fields[2].split(separator: "/")
        while true {
            let text = smallFile(([root] + path.map(String.init) + [name]).joined(separator: "/"))
            if let limit = Int(text.prefix { $0 != "\n" }) { bytes = min(bytes, limit) }
            if path.popLast() == nil { break }
        }
    }
    return bytes
}

/// The text of a file of the system; empty if it can't be read.
private func smallFile(_ path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
}
#endif

/// Refuses a request that the process's memory can't hold, before Swift's allocator would trap on it.
package func checkMemory(bytes: Int, for purpose: @autoclosure () -> String) throws(VectorError) {
    guard bytes >= 0, bytes <= usableMemory else {
        throw VectorError(
            .tooLarge,
            "\(purpose()) would take \(bytes) bytes, this process may use \(usableMemory) bytes of memory"
        )
    }
}
