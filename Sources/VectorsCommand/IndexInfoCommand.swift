import ArgumentParser
import Faiss
import Vectors

struct IndexInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Describe an index."
    )

    @Argument(help: "The index.")
    var index: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var type: String
        var metric: String
        var count: Int
        var dimension: Int
        var bytes: Int
    }

    func run() throws {
        let index = try readIndex(self.index)
        try outputs.report(
            Figures(
                type: index.indexDescription.description,
                metric: index.metric.rawValue,
                count: index.count,
                dimension: index.dimension,
                bytes: index.memorySize
            ),
            lines: ["\(index)"]
        )
    }
}
