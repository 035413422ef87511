public import Foundation

/// A tiny file system in memory, to see what happens on a full disk. Mounting takes root and a kernel that allows it.
public enum SmallDisk {
    /// Whether one can be mounted here; tests that need it are skipped otherwise.
    public static let isPossible: Bool = {
        do {
            try withMounted(kilobytes: 64) { _ in }
            return true
        } catch { return false }
    }()

    /// Calls `body` with the root folder of a file system of this size, which is unmounted afterwards.
    public static func withMounted(kilobytes: Int, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try mount(folder, kilobytes: kilobytes)
            defer { try? run("umount", folder.path) }
            try body(folder)
        }
    }

    /// Calls `body` with the root folder of a file system of this size, which is unmounted afterwards.
    public static func withMounted(kilobytes: Int, _ body: (URL) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            try mount(folder, kilobytes: kilobytes)
            defer { try? run("umount", folder.path) }
            try await body(folder)
        }
    }

    private static func mount(_ folder: URL, kilobytes: Int) throws {
        try run("mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", folder.path)
    }

    private struct Failed: Error {}

    private static func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
    }
}
