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

    /// What a run ended with, and what it printed.
    public struct Outcome: Sendable {
        /// The exit code; that of the signal where `crashed`.
        public var status: Int32
        /// Whether a signal ended it.
        public var crashed: Bool
        /// Standard output.
        public var output: String
        /// Standard error.
        public var errors: String
        /// The lines of standard error.
        public var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
        /// The object in the last line of standard output; empty if there is none.
        public var object: [String: Any] {
            let line = output.split(separator: "\n").last ?? ""
            return (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any] ?? [:]
        }
    }

    /// Runs the program to its end, with this text on standard input.
    ///
    /// - Parameter limit: how many files it may have open; nil for as many as this process.
    public static func outcome(_ arguments: [String], input: String = "", openFiles limit: Int? = nil) throws -> Outcome
    {
        let process = try process(arguments)
        if let limit, let program = process.executableURL?.path {
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "ulimit -n \(limit); exec \"$0\" \"$@\"", program] + arguments
        }
        return try withTemporaryFolder { folder in
            // Files, not pipes: nobody has to read them while it runs.
            func file(_ name: String, _ content: String = "") throws -> URL {
                let url = folder.appending(path: name)
                try Data(content.utf8).write(to: url)
                return url
            }
            let (output, errors) = (try file("output"), try file("errors"))
            process.standardInput = try FileHandle(forReadingFrom: file("input", input))
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus,
                crashed: process.terminationReason == .uncaughtSignal,
                output: try String(contentsOf: output, encoding: .utf8),
                errors: try String(contentsOf: errors, encoding: .utf8)
            )
        }
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
