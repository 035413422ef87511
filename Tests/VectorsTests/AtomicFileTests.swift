import Foundation
import TestSupport
import Testing
import Vectors

@Suite("Writing files whole or not at all")
struct AtomicFileTests {
    private func write(_ text: String, to url: URL) throws {
        let file = try AtomicFile(replacing: url)
        try file.write(text)
        try file.commit()
    }

    private func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

    private func names(_ folder: URL) throws -> Set<String> {
        try Set(FileManager.default.contentsOfDirectory(atPath: folder.path))
    }

    private func permissions(_ url: URL) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int)
    }

    @Test("The old content stays until the new one is committed")
    func replacing() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a")
            try write("old", to: url)
            let file = try AtomicFile(replacing: url)
            try file.write("new")
            #expect(try text(url) == "old")
            try file.commit()
            #expect(try text(url) == "new")
            #expect(try names(folder) == ["a"])
        }
    }

    @Test("Abandoned, it leaves nothing")
    func abandoned() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a")
            try write("old", to: url)
            do {
                let file = try AtomicFile(replacing: url)
                try file.write([UInt8](repeating: 7, count: 3_000_000))
                #expect(try names(folder).count == 2)
            }
            #expect(try text(url) == "old")
            #expect(try names(folder) == ["a"])
        }
    }

    @Test("Pieces of every size arrive in order, and a header can be filled in later")
    func pieces() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a")
            var random = SplitMix64(seed: 1)
            var expected: [UInt8] = []
            let file = try AtomicFile(replacing: url)
            for size in [0, 1, 7, 1 << 20, 5, (1 << 20) - 1, 2, 3_000_000, 0, 100_000, 100_000] {
                let piece = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
                try file.write(piece)
                expected += piece
            }
            try file.overwrite([1, 2, 3], at: 0)
            try file.overwrite([4, 5], at: 2_000_000)
            expected.replaceSubrange(0..<3, with: [1, 2, 3])
            expected.replaceSubrange(2_000_000..<2_000_002, with: [4, 5])
            try file.write([9])
            try file.commit()
            #expect(try Array(Data(contentsOf: url)) == expected + [9])
        }
    }

    @Test("A full device is a typed error, and stays a device", .enabled(if: access("/dev/full", W_OK) == 0))
    func fullDevice() throws {
        let full = URL(filePath: "/dev/full")
        expectFailure(.inputOutput, naming: "/dev/full", "No space left") { try write("x", to: full) }
        expectFailure(.inputOutput, naming: "/dev/full", "No space left") {
            try write(String(repeating: "x", count: 5_000_000), to: full)
        }
        expectFailure(.inputOutput, naming: "/dev/full", "No space left") {
            try VectorFile.writeIDs([[1]], to: full)
        }
        var status = stat()
        #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
        #expect(try !FileManager.default.contentsOfDirectory(atPath: "/dev").contains { $0.hasPrefix("full.") })
    }

    @Test(
        "A full disk leaves the old file and no other",
        .enabled(if: SmallDisk.isPossible, "mounting a file system is not allowed here")
    )
    func fullDisk() throws {
        try SmallDisk.withMounted(kilobytes: 256) { folder in
            let url = folder.appending(path: "a")
            try write("old", to: url)
            for size in [262_144, 300_000, 1_048_576, 5_000_000] {
                expectFailure(.inputOutput, naming: url.path, "No space left") {
                    try write(String(repeating: "x", count: size), to: url)
                }
                #expect(try text(url) == "old")
                #expect(try names(folder) == ["a"])
            }
        }
    }

    @Test("A symbolic link stays one, and what it points at is replaced")
    func symbolicLink() throws {
        try withTemporaryFolder { folder in
            let target = folder.appending(path: "folder/target")
            let link = folder.appending(path: "link")
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try write("old", to: target)
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "folder/target")
            try write("new", to: link)
            #expect(try text(target) == "new")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "folder/target")
            #expect(try names(folder) == ["folder", "link"])
        }
    }

    @Test("A link that leads nowhere, and one that leads to itself")
    func brokenLinks() throws {
        try withTemporaryFolder { folder in
            let link = folder.appending(path: "link")
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "target")
            try write("new", to: link)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == "target")
            #expect(try text(folder.appending(path: "target")) == "new")
            let circle = folder.appending(path: "circle")
            try FileManager.default.createSymbolicLink(atPath: circle.path, withDestinationPath: "circle")
            expectFailure(.inputOutput, naming: circle.path) { try write("new", to: circle) }
        }
    }

    @Test("A file keeps its permissions", arguments: [0o600, 0o640, 0o644, 0o666, 0o755, 0o777])
    func keptPermissions(mode: Int) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a")
            try write("old", to: url)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
            try write("new", to: url)
            #expect(try permissions(url) == mode)
            #expect(try text(url) == "new")
        }
    }

    @Test("A new file is readable as the process's mask allows")
    func newPermissions() throws {
        try withTemporaryFolder { folder in
            let ours = folder.appending(path: "ours")
            try write("x", to: ours)
            let usual = folder.appending(path: "usual")
            close(open(usual.path, O_WRONLY | O_CREAT, 0o666))
            #expect(try permissions(ours) == permissions(usual))
        }
    }

    @Test("A folder that can't be written to is a typed error")
    func readOnlyFolder() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a")
            try write("old", to: url)
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
            defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
            try withoutRoot {
                expectFailure(.inputOutput, naming: url.path, "Permission denied") { try write("new", to: url) }
            }
            #expect(try text(url) == "old")
            #expect(try names(folder) == ["a"])
        }
    }

    /// Calls `body` with the rights of an ordinary user: root may write anywhere.
    private func withoutRoot(_ body: () -> Void) throws {
        #if canImport(Glibc)
        guard getuid() == 0 else { return body() }
        // Changes this thread's identity towards the file system only, so that the tests beside this one keep
        // theirs. Looked up by name because Swift's module of the C library leaves its header out.
        let symbol = try #require(dlsym(nil, "setfsuid"))
        let setIdentity = unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> Int32).self)
        _ = setIdentity(65_534)
        defer { _ = setIdentity(0) }
        body()
        #else
        body()
        #endif
    }

    @Test("Destinations that can't be")
    func impossibleDestinations() throws {
        try withTemporaryFolder { folder in
            expectFailure(.inputOutput, naming: "it is a folder") { try write("x", to: folder) }
            expectFailure(.inputOutput, naming: "No such file") { try write("x", to: folder.appending(path: "b/c")) }
            let long = folder.appending(path: String(repeating: "x", count: 300))
            expectFailure(.inputOutput, naming: "too long") { try write("x", to: long) }
            try write("x", to: folder.appending(path: "a"))
            expectFailure(.inputOutput, naming: "Not a directory") { try write("x", to: folder.appending(path: "a/b")) }
            let remote = try #require(URL(string: "https://example.org/a"))
            expectFailure(.invalidArgument, naming: "https://example.org/a") { try write("x", to: remote) }
            #expect(try names(folder) == ["a"])
        }
    }

    @Test("A name that is only just short enough can be written")
    func longestName() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: String(repeating: "x", count: 255))
            try write("whole", to: url)
            #expect(try text(url) == "whole")
        }
    }

    @Test("A pipe is written to in place")
    func pipe() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "pipe")
            #expect(mkfifo(url.path, 0o600) == 0)
            let reader = open(url.path, O_RDONLY | O_NONBLOCK)
            defer { close(reader) }
            try write("through", to: url)
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = read(reader, &bytes, 100)
            #expect(String(decoding: bytes[..<max(count, 0)], as: UTF8.self) == "through")
            #expect(try names(folder) == ["pipe"])
        }
    }

    @Test("Reading needs a regular file, and says what happened otherwise")
    func reading() throws {
        try withTemporaryFolder { folder in
            expectFailure(.inputOutput, naming: "regular file") { try InputFile(folder) }
            expectFailure(.inputOutput, naming: "regular file") { try InputFile(URL(filePath: "/dev/null")) }
            let pipe = folder.appending(path: "pipe")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            expectFailure(.inputOutput, naming: "regular file") { try InputFile(pipe) }
            let url = folder.appending(path: "a")
            expectFailure(.inputOutput, naming: url.path, "No such file") { try InputFile(url) }
            try write("0123456789", to: url)
            let file = try InputFile(url)
            #expect(try file.size == 10 && file.bytes(3..<6) == Array("345".utf8))
            expectFailure(.invalidFormat, naming: url.path, "10 bytes", "11") { try file.bytes(5..<11) }
            // Shortened after opening: an error, not a signal.
            #expect(truncate(url.path, 4) == 0)
            expectFailure(.invalidFormat, naming: url.path) { try file.bytes(0..<10) }
            expectFailure(.tooLarge, naming: "\(Int.max)") { try file.bytes(0..<Int.max) }
        }
    }
}
