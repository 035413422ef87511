import ArgumentParser
import Foundation

/// The command `vectors`: the library from a shell. Each subcommand reads its arguments, calls the library and prints;
/// nothing is decided here.
@main
struct VectorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors",
        abstract: "Train word vectors, cluster vectors, draw maps, build and search indexes, store vectors.",
        discussion: """
            Files are recognised by extension: vectors .fvecs, .bvecs, .npy; word vectors .bin (word2vec binary), .vec and \
            .txt (word2vec or GloVe text), which .gz may follow; indexes .faiss (Faiss's own format) or any other \
            ending, by convention .vindex (checksummed). With --json the last line of standard output is one JSON \
            object.
            """,
        subcommands: [
            PhrasesCommand.self, TrainCommand.self, EmbedCommand.self, SimilarCommand.self, EvaluateCommand.self,
            ConvertCommand.self,
            ClusterCommand.self, MapCommand.self, IndexCommand.self, StoreCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(by: error)
        }
    }

    /// Ends with one line on standard error: 64 for the command's own words, 1 for the data. The parser would print the
    /// usage below each mistake.
    private static func end(by error: any Error) -> Never {
        let code = exitCode(for: error)
        guard code != .success, !(error is ExitCode) else { exit(withError: error) }
        let lines = message(for: error).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        var text = lines.joined(separator: " ")
        if code == .validationFailure, let help = fullMessage(for: error).firstMatch(of: /See '(.+?)' for more/) {
            text += " ('\(help.1)' explains)"
        }
        FileHandle.standardError.write(Data("Error: \(text)\n".utf8))
        Foundation.exit(code.rawValue)
    }
}
