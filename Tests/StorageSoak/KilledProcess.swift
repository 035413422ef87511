import Foundation

/// Runs this program with other arguments and kills it some time after it has told that it has its store open.
///
/// - Returns: the number of changes that it acknowledged before its end.
func runAndKill(_ arguments: [String], afterMilliseconds life: Int) throws -> Int {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0])
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    // From the moment on at which it has the store open, so that every moment of the work is met.
    guard try output.fileHandleForReading.read(upToCount: 1) == Data("o".utf8) else {
        throw Failure("the process could not open the store")
    }
    usleep(UInt32(life * 1000))
    kill(process.processIdentifier, SIGKILL)
    let acknowledged = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationReason == .uncaughtSignal, acknowledged.allSatisfy({ $0 == UInt8(ascii: ".") }) else {
        throw Failure("the process ended by itself: \(String(decoding: acknowledged, as: UTF8.self))")
    }
    return acknowledged.count
}

/// Tells the process that waits to kill this one: `o` that the store is open, `.` that a change was acknowledged, or what
/// went wrong. Straight to the pipe: it must not wait in a buffer.
func acknowledge(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
