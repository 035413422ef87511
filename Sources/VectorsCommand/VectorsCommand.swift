import ArgumentParser

/// The command `vectors`: the library from a shell. Each subcommand reads its arguments, calls the library and prints;
/// nothing is decided here.
@main
struct VectorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors",
        abstract: "Train word vectors, cluster vectors, draw maps, build and search indexes, store vectors.",
        discussion: """
            Files are told by extension: vectors .fvecs, .bvecs, .npy; word vectors .bin (word2vec binary), .vec and \
            .txt (word2vec or GloVe text), which .gz may follow; indexes .faiss (Faiss's own format) or any other \
            ending, by convention .vindex (checksummed). With --json the last line of standard output is one JSON \
            object.
            """,
        subcommands: [
            PhrasesCommand.self, TrainCommand.self, SimilarCommand.self, EvaluateCommand.self, ConvertCommand.self,
            ClusterCommand.self, MapCommand.self, IndexCommand.self, StoreCommand.self,
        ]
    )
}
