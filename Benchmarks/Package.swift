// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-faiss", path: "..")],
    targets: [
        .executableTarget(
            name: "compare-baseline",
            dependencies: [
                .product(name: "Faiss", package: "swift-faiss"),
                .product(name: "TestSupport", package: "swift-faiss"),
                .product(name: "Vectors", package: "swift-faiss"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
        )
    ]
)
