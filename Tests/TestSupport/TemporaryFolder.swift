public import Foundation

/// Calls `body` with a new, empty folder, which is removed afterwards with all that is in it.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Calls `body` with a new, empty folder, which is removed afterwards with all that is in it.
public func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

private func makeTemporaryFolder() throws -> URL {
    _ = openFilesLimit
    let folder = FileManager.default.temporaryDirectory.appending(path: "swift-faiss-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// As many open files as the system lets this process ask for: all tests begin at once, a store takes seven files and two
/// for each reader, and many systems begin with a limit of 1,024 or 256.
private let openFilesLimit: rlim_t = {
    #if canImport(Darwin)
    let resource = RLIMIT_NOFILE
    #else
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    // Darwin refuses more than OPEN_MAX, whatever it says the most is.
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 10_240))
    setrlimit(resource, &limit)
    return limit.rlim_cur
}()
