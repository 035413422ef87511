import ArgumentParser

/// What takes a Milvus server longer than a test may, driven by `Tests/Milvus/kills.sh` and `Benchmarks/Peers/milvus.py`.
@main
struct MilvusSoak: AsyncParsableCommand {
    #if Milvus
    static let configuration = CommandConfiguration(
        commandName: "milvus-soak",
        subcommands: [ImportCommand.self, VerifyCommand.self, MeasureCommand.self]
    )
    #else
    func run() throws { throw ValidationError("build with --traits Milvus") }
    #endif
}
