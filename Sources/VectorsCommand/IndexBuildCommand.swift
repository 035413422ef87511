import ArgumentParser
import Console
import Faiss
import VectorStorage
import Vectors

struct IndexBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an index over the vectors of a file; ids are row numbers.",
        discussion: """
            --pca, --opq and --refine go around the type: vectors are shortened, turned for the product quantizer, and \
            the best candidates compared again by exact distance. --factory takes all of this as one string of Faiss's \
            instead, such as 'OPQ16_64,IVF1024,PQ16x4fs,RFlat'.
            """
    )

    @Argument(help: "Vectors or word vectors.")
    var input: String

    @Option(
        help: """
            auto, which is exact for up to 10,000 vectors and ivf-sq8 beyond, as a store's index is; flat, hnsw, pq, pq-fast-scan, rabitq, sq8, sq6, sq4, fp16, or in inverted lists ivf-flat, ivf-pq, ivf-pq-fast-scan, \
            ivf-rabitq, ivf-sq8, ivf-sq6, ivf-sq4, ivf-fp16.
            """
    )
    var type = IndexType.auto

    @Option(help: "A factory string of Faiss's instead of a type.")
    var factory: String?

    @Option(help: "l2, ip or cosine.")
    var metric = MetricArgument.l2

    @Option(help: "Inverted lists: a number, or auto.")
    var lists = ListArgument(count: .automatic)

    @Option(help: "Parts of a vector that are coded each by itself; for the types with pq.")
    var subquantizers = 16

    @Option(help: "Bits a part, 4 or 8, for pq and ivf-pq: 8 by default; a component, 1 to 4, for rabitq: 1.")
    var bits: Int?

    @Option(help: "Links a vector; for hnsw.")
    var neighbors = 32

    @Option(help: "Shorten vectors to so many principal components.")
    var pca: Int?

    @Flag(help: "Learn a rotation for the product quantizer.")
    var opq = false

    @Option(help: "Compare so many candidates an answer again, by exact distance.")
    var refine: Float?

    @Option(help: "Train on so many rows, evenly spaced; by default on all.")
    var trainSize: Int?

    @Option(help: "Where the index goes: .faiss for Faiss's own format, any other ending for the checksummed one.")
    var output: String

    @OptionGroup var reading: ReadingArguments
    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    enum IndexType: String, ExpressibleByArgument, CaseIterable {
        case auto, flat, hnsw, pq
        case pqFastScan = "pq-fast-scan"
        case rabitq, sq8, sq6, sq4, fp16
        case ivfFlat = "ivf-flat"
        case ivfPQ = "ivf-pq"
        case ivfPQFastScan = "ivf-pq-fast-scan"
        case ivfRaBitQ = "ivf-rabitq"
        case ivfSQ8 = "ivf-sq8"
        case ivfSQ6 = "ivf-sq6"
        case ivfSQ4 = "ivf-sq4"
        case ivfFP16 = "ivf-fp16"
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
        var type: String
        var count: Int
        var dimension: Int
        var trainSeconds: Double
        var addSeconds: Double
        var bytes: Int
        /// Rows of the file that were left out.
        var omitted: Int
    }

    func validate() throws {
        guard factory == nil || type == .auto else { throw ValidationError("give either --type or --factory") }
        if factory != nil, pca != nil || opq || refine != nil {
            throw ValidationError("--factory names all of the index: put --pca, --opq and --refine into it")
        }
        try checkPositive(trainSize, "--train-size")
    }

    func run() throws {
        let url = try outputURL(output)
        let source = try VectorInput(input, reading.options)
        if let dimension = source.dimension { _ = try index(of: source.count ?? 0, dimension: dimension) }
        let content = try source.read(for: metric.metric)
        let vectors = content.vectors
        let index = try index(of: vectors.count, dimension: vectors.dimension)
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
            try index.add(
                vectors,
                ids: content.rows.map(Int64.init),
                threads: threads.limit,
                progress: { addingBar.update($0.fraction) }
            )
        }
        addingBar.finish("\(index.count) vectors")
        try isFaissFile(url) ? index.writeFaissFile(to: url) : index.write(to: url)
        try outputs.report(
            Figures(
                type: index.indexDescription.description,
                count: index.count,
                dimension: index.dimension,
                trainSeconds: trainSeconds,
                addSeconds: addSeconds,
                bytes: index.memorySize,
                omitted: content.omitted.count
            ),
            lines: ["\(index)"]
        )
    }

    /// The empty index; made before the vectors are read, if their dimension is known, to see whether it can be.
    private func index(of count: Int, dimension: Int) throws -> VectorIndex {
        try VectorIndex(description(count: count), dimension: dimension, metric: metric.metric)
    }

    private func description(count: Int) throws -> IndexDescription {
        if let factory { return try IndexDescription(factory: factory) }
        var description =
            switch type {
            case .auto: CollectionIndex.automatic.description(count: count)
            case .flat: .flat
            case .hnsw: .hnsw(neighbors: neighbors)
            case .pq: .pq(subquantizers: subquantizers, bitsPerCode: bits ?? 8)
            case .pqFastScan: .pqFastScan(subquantizers: subquantizers)
            case .rabitq: .rabitq(bits: bits ?? 1)
            case .sq8: .scalarQuantized(.int8)
            case .sq6: .scalarQuantized(.int6)
            case .sq4: .scalarQuantized(.int4)
            case .fp16: .scalarQuantized(.float16)
            case .ivfFlat: .ivfFlat(lists: lists.count)
            case .ivfPQ: .ivfPQ(lists: lists.count, subquantizers: subquantizers, bitsPerCode: bits ?? 8)
            case .ivfPQFastScan: .ivf(lists: lists.count, storing: .pqFastScan(subquantizers: subquantizers))
            case .ivfRaBitQ: .ivfRaBitQ(lists: lists.count, bits: bits ?? 1)
            case .ivfSQ8: .ivf(lists: lists.count, storing: .scalarQuantized(.int8))
            case .ivfSQ6: .ivf(lists: lists.count, storing: .scalarQuantized(.int6))
            case .ivfSQ4: .ivf(lists: lists.count, storing: .scalarQuantized(.int4))
            case .ivfFP16: .ivf(lists: lists.count, storing: .scalarQuantized(.float16))
            } as IndexDescription
        if opq { description = .opq(subquantizers: subquantizers, then: description) }
        if let pca { description = .pca(to: pca, then: description) }
        if let refine { description = .refined(description, by: refine) }
        return description
    }

    /// Evenly spaced rows: files are often ordered, word vectors by frequency for one.
    private func sample(of vectors: VectorMatrix) -> VectorMatrix {
        guard let trainSize, trainSize < vectors.count else { return vectors }
        return vectors.gathering((0..<trainSize).map { $0 * vectors.count / trainSize })
    }
}
