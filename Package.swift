// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// A product of a package that is fetched and built only where the trait Milvus is on.
func milvusOnly(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Milvus"]))
}

/// An example in a folder of its own that uses all of the library.
func example(_ name: String, _ folder: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "Console", "ExampleSupport", "Faiss", "SentenceEmbeddings", "VectorStorage", "Vectors", "Word2Vec",
        ],
        path: "Examples/\(folder)",
        swiftSettings: strict
    )
}

let package = Package(
    name: "swift-faiss",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Faiss", targets: ["Faiss"]),
        .library(name: "Milvus", targets: ["Milvus"]),
        .library(name: "SentenceEmbeddings", targets: ["SentenceEmbeddings"]),
        .library(name: "VectorStorage", targets: ["VectorStorage"]),
        .library(name: "Vectors", targets: ["Vectors"]),
        .library(name: "Word2Vec", targets: ["Word2Vec"]),
        .executable(name: "vectors", targets: ["VectorsCommand"]),
    ],
    traits: [
        .trait(
            name: "Milvus",
            description: "The module Milvus: a collection of vectors on other machines, reached by gRPC."
        )
    ],
    dependencies: [
        // The command line: parsing, help and usage errors (exit code 64).
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // The vector store: SQLite, whose transactions are what makes an acknowledged write last.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // The trait Milvus alone: gRPC over NIO is how a Milvus server is spoken to, in messages of Protobuf,
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.0"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.96.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        // and SHA-256, which gRPC's TLS needs anyway, makes the tokens by which metadata are found.
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CFaiss",
            path: "modulemaps/CFaiss",
            providers: [.apt(["libfaiss-dev", "libopenblas-dev"]), .brew(["faiss", "libomp"])]
        ),
        // gzip files as a corpus. zlib is there anyway: Swift's own requirements on Linux list it.
        .systemLibrary(
            name: "CZlib",
            path: "modulemaps/CZlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
        ),
        .target(
            name: "FaissC",
            dependencies: ["CFaiss", "VectorsC"],
            cxxSettings: [.headerSearchPath("openmp")],
            // The OpenMP that Faiss was compiled for, and LAPACK, which Accelerate has on macOS.
            linkerSettings: [
                .linkedLibrary("openblas", .when(platforms: [.linux])),
                .linkedLibrary("gomp", .when(platforms: [.linux])),
                .linkedFramework("Accelerate", .when(platforms: [.macOS])),
                .linkedLibrary("omp", .when(platforms: [.macOS])),
            ]
        ),
        .target(name: "VectorsC"),
        .target(name: "Vectors", dependencies: ["VectorsC"], swiftSettings: strict),
        .target(name: "Faiss", dependencies: ["CFaiss", "FaissC", "Vectors"], swiftSettings: strict),
        .target(
            name: "VectorStorage",
            dependencies: [
                "Faiss", "Vectors", "VectorsC", .product(name: "GRDB", package: "GRDB.swift"),
                // SQLite's own functions, for the columns of rows that are read and written by the thousand.
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Milvus",
            dependencies: [
                "Faiss", "VectorStorage", "Vectors",
                milvusOnly("GRPCCore", "grpc-swift-2"),
                milvusOnly("GRPCNIOTransportHTTP2Posix", "grpc-swift-nio-transport"),
                milvusOnly("SwiftProtobuf", "swift-protobuf"),
                milvusOnly("NIOCore", "swift-nio"),
                milvusOnly("NIOPosix", "swift-nio"),
                milvusOnly("Crypto", "swift-crypto"),
            ],
            exclude: ["Protocol/milvus.proto"],
            swiftSettings: strict
        ),
        .target(name: "SentenceEmbeddingsC", dependencies: ["VectorsC"]),
        .target(
            name: "SentenceEmbeddings",
            dependencies: ["SentenceEmbeddingsC", "Vectors", "VectorsC"],
            swiftSettings: strict
        ),
        .target(name: "Word2VecC", dependencies: ["VectorsC"]),
        .target(name: "Word2Vec", dependencies: ["CZlib", "Vectors", "VectorsC", "Word2VecC"], swiftSettings: strict),
        .target(name: "Console", swiftSettings: strict),
        // Not `Sources/vectors`: on a file system that ignores case it would be `Sources/Vectors`.
        .executableTarget(
            name: "VectorsCommand",
            dependencies: [
                "Console", "Faiss", "Milvus", "SentenceEmbeddings", "VectorStorage", "Vectors", "Word2Vec",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["README.md"],
            // Into the program, not beside it: it works wherever it is copied to.
            resources: [.embedInCode("Map/page.html")],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "quickstart",
            dependencies: ["Faiss", "Word2Vec"],
            path: "Examples/QuickStart",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "vector-store",
            dependencies: ["VectorStorage"],
            path: "Examples/VectorStore",
            swiftSettings: strict
        ),
        // A folder of texts, asked in plain language.
        .executableTarget(
            name: "documents",
            dependencies: ["ExampleSupport", "SentenceEmbeddings", "VectorStorage"],
            path: "Examples/Documents",
            swiftSettings: strict
        ),
        // What the examples share: where their data comes from, plots.
        .target(
            name: "ExampleSupport",
            dependencies: ["CZlib"],
            path: "Examples/Support",
            swiftSettings: strict
        ),
        // Texts: word vectors become document vectors, which are classified, clustered, searched, and held against
        // sentence embeddings made in Python.
        example("text-classification", "TextClassification"),
        example("text-clustering", "TextClustering"),
        example("semantic-search", "SemanticSearch"),
        example("bring-your-own-features", "BringYourOwnFeatures"),
        .executableTarget(
            name: "image-retrieval",
            dependencies: ["Console", "ExampleSupport", "Faiss", "Vectors"],
            path: "Examples/ImageRetrieval",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "place-recognition",
            dependencies: ["Console", "ExampleSupport", "Faiss", "TestSupport", "Vectors"],
            path: "Examples/PlaceRecognition",
            swiftSettings: strict
        ),
        // The code that stands in the documentation.
        .executableTarget(
            name: "snippets",
            dependencies: ["Faiss", "SentenceEmbeddings", "VectorStorage", "Vectors", "Word2Vec"],
            path: "Examples/Snippets",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "demo",
            dependencies: [
                "Console", "Faiss", "TestSupport", "Vectors", "Word2Vec",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Examples/Demo",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "recommendation",
            dependencies: ["Console", "ExampleSupport", "TestSupport", "Word2Vec"],
            path: "Examples/Recommendation",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "choosing-dimension",
            dependencies: ["Console", "ExampleSupport", "Faiss", "TestSupport", "Vectors", "Word2Vec"],
            path: "Examples/ChoosingDimension",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "noise",
            dependencies: ["Console", "ExampleSupport", "Faiss", "TestSupport", "Vectors", "Word2Vec"],
            path: "Examples/Noise",
            swiftSettings: strict
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Vectors", "VectorsC"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "VectorsTests",
            dependencies: ["TestSupport", "Vectors", "VectorsC"],
            swiftSettings: strict
        ),
        // The kernels of FaissC by functions that tests can call.
        .target(
            name: "FaissKernelHooks",
            dependencies: ["CFaiss", "FaissC", "VectorsC"],
            path: "Tests/FaissKernelHooks",
            cxxSettings: [.headerSearchPath("../../Sources/FaissC")]
        ),
        .testTarget(
            name: "FaissTests",
            dependencies: ["Faiss", "FaissC", "FaissKernelHooks", "TestSupport", "Vectors", "VectorsC"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PipelineTests",
            dependencies: ["Faiss", "TestSupport", "Vectors", "Word2Vec"],
            swiftSettings: strict
        ),
        .target(
            name: "StorageTestSupport",
            dependencies: ["TestSupport", "VectorStorage", "Vectors"],
            path: "Tests/StorageTestSupport",
            swiftSettings: strict
        ),
        // What takes the store longer than a test may: kills, corruptions, failing writes, readers beside a writer.
        .executableTarget(
            name: "storage-soak",
            dependencies: [
                "Console", "Faiss", "StorageTestSupport", "TestSupport", "VectorStorage", "Vectors",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/StorageSoak",
            exclude: ["failing_writes.c"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "VectorStorageTests",
            dependencies: ["Faiss", "StorageTestSupport", "TestSupport", "VectorStorage", "Vectors"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "MilvusTests",
            dependencies: [
                "Faiss", "Milvus", "StorageTestSupport", "TestSupport", "VectorStorage", "Vectors",
                milvusOnly("NIOCore", "swift-nio"), milvusOnly("NIOPosix", "swift-nio"),
            ],
            swiftSettings: strict
        ),
        // What takes a Milvus server longer than a test may: kills, and a comparison with pymilvus.
        .executableTarget(
            name: "milvus-soak",
            dependencies: [
                "Milvus", "StorageTestSupport", "VectorStorage", "Vectors",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/MilvusSoak",
            swiftSettings: strict
        ),
        // Runs the program `vectors`, which `swift test` builds, too.
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["TestSupport", "Vectors"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SentenceEmbeddingsTests",
            dependencies: ["SentenceEmbeddings", "SentenceEmbeddingsC", "TestSupport", "Vectors", "VectorsC"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        // Tokenizes for a comparison with Python's `tokenizers`.
        .executableTarget(
            name: "tokenize-lines",
            dependencies: ["SentenceEmbeddings", "Vectors"],
            path: "Tests/TokenizeLines",
            swiftSettings: strict
        ),
        .testTarget(
            name: "Word2VecTests",
            dependencies: ["TestSupport", "Vectors", "VectorsC", "Word2Vec"],
            swiftSettings: strict
        ),
    ],
    cxxLanguageStandard: .cxx17
)
