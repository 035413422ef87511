import ArgumentParser

/// What a vector store must come through, longer than a test may take. Each subcommand ends with status 0 if all went
/// well, and otherwise says what did not.
@main
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage-soak",
        abstract: "Kill, damage and crowd a vector store, and hold it against an oracle.",
        subcommands: [
            CrashCommand.self, CrashChildCommand.self, DamageCommand.self, FaultsCommand.self, FaultsChildCommand.self,
            ReadersCommand.self, ConvertCommand.self, ConvertChildCommand.self, ReembedCommand.self,
            ReembedChildCommand.self,
        ]
    )
}

/// What went wrong, in a sentence.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
