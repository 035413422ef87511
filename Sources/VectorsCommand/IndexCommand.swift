import ArgumentParser

struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Build, search and describe indexes.",
        subcommands: [IndexBuildCommand.self, IndexSearchCommand.self, IndexInfoCommand.self]
    )
}
