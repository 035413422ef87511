// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-faiss", path: "..")],
    targets: [
        // Links to the files of Tests/TestSupport: as a product, that target would take its name from every package that
        // depends on ours.
        .target(name: "Baseline", dependencies: [.product(name: "Vectors", package: "swift-faiss")]),
        .executableTarget(
            name: "compare-baseline",
            dependencies: [
                "Baseline",
                .product(name: "Faiss", package: "swift-faiss"),
                .product(name: "Vectors", package: "swift-faiss"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
        ),
        .executableTarget(
            name: "measure-storage",
            dependencies: [
                .product(name: "Faiss", package: "swift-faiss"),
                .product(name: "VectorStorage", package: "swift-faiss"),
                .product(name: "Vectors", package: "swift-faiss"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
        ),
        .executableTarget(
            name: "measure-hybrid",
            dependencies: [
                .product(name: "VectorStorage", package: "swift-faiss"),
                .product(name: "Vectors", package: "swift-faiss"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
        ),
    ]
)
