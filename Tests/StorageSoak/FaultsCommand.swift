import ArgumentParser
import Console
import Foundation
import StorageTestSupport
import VectorStorage
import Vectors

/// The changes of the script: rows enough that an index is built, written and replaced, or that they have no place in memory
/// and files of rows are as well.
private func faultLoad(isOnDisk: Bool) -> StorageLoad {
    StorageLoad(seed: 31, dimension: 8, keys: isOnDisk ? 12_000 : 1200, batch: 40)
}
private let faultIndex = CollectionIndex.described(.ivfFlat(lists: 4))

struct FaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "Let each write of a script fail in turn, and look at what is left.",
        discussion: """
            The failures come from a library that is preloaded: compile Tests/StorageSoak/failing_writes.c with \
            cc -shared -fPIC -o failing_writes.so failing_writes.c -ldl.
            """
    )

    @Option(help: "The library that makes writes fail.")
    var library: String

    @Option(help: "Changes of the script.")
    var operations = 200

    @Option(help: "Every how many-th write fails; 1 tries all of them.")
    var step = 1

    @Option(help: "A folder for the stores, best in memory.")
    var folder = "/dev/shm/storage-faults"

    @Flag(help: "Of so many rows that most are on the disk only.")
    var onDisk = false

    @Option(help: ArgumentHelp("Which failures: all, or one of these.", valueName: "fault"))
    var only: Fault?

    /// A disk that is full stays full; an I/O error may be the only one.
    enum Fault: String, CaseIterable, ExpressibleByArgument {
        case fullDisk = "full-disk"
        case error = "io-error"
        case dyingDisk = "dying-disk"

        var code: Int32 { self == .fullDisk ? ENOSPC : EIO }
        var isLasting: Bool { self != .error }
    }

    func run() async throws {
        for fault in only.map({ [$0] }) ?? Fault.allCases {
            let name = fault.rawValue
            var write = 1
            var failures = 0
            let bar = ProgressBar(name)
            while true {
                let outcome = try await attempt(failing: write, fault)
                if outcome.writes < write { break }
                failures += outcome.failed
                bar.update(Double(write) / Double(max(outcome.writes, write)))
                write += step
            }
            bar.finish("\(write - 1) writes")
            print(
                "\(name): \((write + step - 2) / step) runs of \(operations) changes, one for each write that may fail "
                    + "(every \(step)); \(failures) changes failed, each with a typed error and with no effect"
            )
        }
    }

    private func attempt(failing write: Int, _ fault: Fault) async throws -> (writes: Int, failed: Int) {
        let load = faultLoad(isOnDisk: onDisk)
        let url = URL(filePath: folder)
        try? FileManager.default.removeItem(at: url)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let counter = url.appending(path: "writes")
        let store = url.appending(path: "store")
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments =
            ["faults-child", store.path, "--operations", String(operations)] + (onDisk ? ["--on-disk"] : [])
        process.environment = ProcessInfo.processInfo.environment.merging([
            "LD_PRELOAD": URL(filePath: library).path, "FAILING_WRITES_FOLDER": store.path,
            "FAILING_WRITES_FIRST": String(write), "FAILING_WRITES_ERRNO": String(fault.code),
            "FAILING_WRITES_LASTING": fault.isLasting ? "1" : "0", "FAILING_WRITES_COUNTER": counter.path,
        ]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw Failure("\(fault.rawValue) at write \(write): status \(process.terminationStatus): \(text)")
        }
        // What was acknowledged is there when the disk is well again.
        var model = StorageModel(metric: .squaredL2)
        let marks = Array(text.utf8)
        var lastWritten = -1
        for (number, mark) in marks.enumerated() where mark == UInt8(ascii: ".") {
            if model.apply(operation(number, load)) { lastWritten = number }
        }
        if FileManager.default.fileExists(atPath: store.appending(path: "store.sqlite").path), marks.contains(46) {
            let options = StoreOptions(access: .readWrite, memoryBudget: onDisk ? 1 << 20 : nil)
            let again = try await VectorStore.open(store, options: options)
            let collection = try await again.collection("rows")
            var problem = try await difference(collection, model, load: load, queries: 0..<4)
            // A change whose flush failed may be found whole, if none succeeded after it and overwrote it.
            for number in lastWritten + 1..<marks.count where problem != nil && marks[number] == UInt8(ascii: "x") {
                var withFailed = model
                withFailed.apply(operation(number, load))
                if try await difference(collection, withFailed, load: load, queries: 0..<4) == nil {
                    problem = nil
                }
            }
            if problem == nil { problem = try await again.verify().first }
            try await again.close()
            if let problem { throw Failure("\(fault.rawValue) at write \(write): after it: \(problem)") }
        }
        let writes = Int(String(decoding: try Data(contentsOf: counter), as: UTF8.self)) ?? 0
        return (writes, marks.count { $0 == UInt8(ascii: "x") })
    }
}

/// The first change stores enough rows for an index.
private func operation(_ number: Int, _ load: StorageLoad) -> StorageOperation {
    number == 0 ? .upsert(load.rows(0..<load.keys)) : load.operation(number)
}

struct FaultsChildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "faults-child", shouldDisplay: false)

    @Argument var folder: String
    @Option var operations = 200
    @Flag var onDisk = false

    /// Prints a dot for a change that was acknowledged and an x for one that failed with a typed error; whatever else
    /// happens ends it with an error.
    func run() async throws {
        let load = faultLoad(isOnDisk: onDisk)
        let store: VectorStore
        let collection: VectorCollection
        do throws(VectorError) {
            let options = StoreOptions(memoryBudget: onDisk ? 1 << 20 : nil)
            store = try await VectorStore.open(URL(filePath: folder), options: options)
            collection = try await store.createCollection(
                "rows",
                dimension: 8,
                metric: .squaredL2,
                index: faultIndex,
                fullText: StorageLoad.fullText
            )
        } catch {
            return  // Nothing was acknowledged.
        }
        var model = StorageModel(metric: .squaredL2)
        for number in 0..<operations {
            do throws(VectorError) {
                try await operation(number, load).run(on: collection)
                model.apply(operation(number, load))
                print(".", terminator: "")
            } catch {
                print("x", terminator: "")
            }
            if number % 50 == 20 { try? await collection.rebuildIndex() }
            if number % 50 == 40 || number == operations - 1 {
                if let problem = try await difference(collection, model, load: load, queries: number..<number + 2) {
                    throw Failure("after change \(number): \(problem)")
                }
            }
            if number == operations / 2 { try? await store.compact() }
        }
        try? await store.close()
    }
}
