import ArgumentParser
import Console
import Faiss
import Vectors

struct IndexBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an index over the vectors of a file; ids are row numbers."
    )

    @Argument(help: "Vectors or word vectors.")
    var input: String

    @Option(help: "flat, ivf-flat, ivf-pq, hnsw or sq8.")
    var type: IndexType

    @Option(help: "l2, ip or cosine.")
    var metric = MetricArgument.l2

    @Option(help: "Inverted lists: a number, or auto.")
    var lists = ListArgument(count: .automatic)

    @Option(help: "Parts of a vector that are coded each by itself; for ivf-pq.")
    var subquantizers = 16

    @Option(help: "Bits a part, 4 or 8; for ivf-pq.")
    var bits = 8

    @Option(help: "Links a vector; for hnsw.")
    var neighbors = 32

    @Option(help: "Train on so many rows, evenly spaced; by default on all.")
    var trainSize: Int?

    @Option(help: "Where the index goes: .faiss for Faiss's own format, any other ending for the checksummed one.")
    var output: String

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    enum IndexType: String, ExpressibleByArgument, CaseIterable {
        case flat
        case ivfFlat = "ivf-flat"
        case ivfPQ = "ivf-pq"
        case hnsw
        case sq8
    }

    struct ListArgument: ExpressibleByArgument {
        var count: IndexDescription.ListCount

        init(count: IndexDescription.ListCount) { self.count = count }

        init?(argument: String) {
            if argument == "auto" {
                count = .automatic
            } else if let number = Int(argument) {
                count = .count(number)
            } else {
                return nil
            }
        }

        var defaultValueDescription: String { "auto" }
    }

    private struct Figures: Encodable {
        var count: Int
        var dimension: Int
        var trainSeconds: Double
        var addSeconds: Double
        var bytes: Int
    }

    func validate() throws {
        if let trainSize, trainSize < 1 { throw ValidationError("--train-size \(trainSize) is less than 1") }
    }

    func run() throws {
        let url = try outputURL(output)
        let vectors = try readVectors(input)
        let index = try VectorIndex(description, dimension: vectors.dimension, metric: metric.metric)
        let training = sample(of: vectors)
        let trainingBar = ProgressBar("training")
        let (_, trainSeconds) = try timed {
            try index.train(
                on: training,
                options: TrainingOptions(expectedCount: vectors.count, threads: threads.limit),
                progress: { trainingBar.update($0.fraction) }
            )
        }
        trainingBar.finish("\(index.indexDescription)")
        let addingBar = ProgressBar("adding")
        let (_, addSeconds) = try timed {
            try index.add(vectors, threads: threads.limit, progress: { addingBar.update($0.fraction) })
        }
        addingBar.finish("\(index.count) vectors")
        try isFaissFile(url) ? index.writeFaissFile(to: url) : index.write(to: url)
        try outputs.report(
            Figures(
                count: index.count,
                dimension: index.dimension,
                trainSeconds: trainSeconds,
                addSeconds: addSeconds,
                bytes: index.memorySize
            ),
            lines: ["\(index)"]
        )
    }

    private var description: IndexDescription {
        switch type {
        case .flat: .flat
        case .ivfFlat: .ivfFlat(lists: lists.count)
        case .ivfPQ: .ivfPQ(lists: lists.count, subquantizers: subquantizers, bitsPerCode: bits)
        case .hnsw: .hnsw(neighbors: neighbors)
        case .sq8: .scalarQuantized(.int8)
        }
    }

    /// Evenly spaced rows: files are often ordered, word vectors by frequency for one.
    private func sample(of vectors: VectorMatrix) -> VectorMatrix {
        guard let trainSize, trainSize < vectors.count else { return vectors }
        return vectors.gathering((0..<trainSize).map { $0 * vectors.count / trainSize })
    }
}
