public import Foundation

/// The command line program `vectors`, which the build puts beside the tests.
public enum VectorsProgram {
    /// Where the program is; nil if only the tests were built.
    public static let url: URL? = {
        let tests = [URL(filePath: CommandLine.arguments[0])] + Bundle.allBundles.map(\.bundleURL)
        return tests.map { $0.deletingLastPathComponent().appending(path: "vectors") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// The program with these arguments, not started yet, silent on standard error.
    public static func process(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = try url ?? { throw CocoaError(.fileNoSuchFile) }()
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        return process
    }

    /// Runs the program to its end; its status, and the object that `--json` has it print in the last line.
    public static func run(_ arguments: [String]) throws -> (status: Int32, figures: [String: Any]) {
        let process = try process(arguments)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let line = text.split(separator: UInt8(ascii: "\n")).last ?? Data()
        let figures = (try? JSONSerialization.jsonObject(with: line)) as? [String: Any]
        return (process.terminationStatus, figures ?? [:])
    }
}
