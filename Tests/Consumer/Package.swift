// swift-tools-version: 6.2
import PackageDescription

// A package like any user's: it depends on swift-faiss and sees only what that makes public. `make consumer` runs it.
let package = Package(
    name: "Consumer",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-faiss", path: "../..")],
    targets: [
        .executableTarget(
            name: "Consumer",
            dependencies: [
                .product(name: "Faiss", package: "swift-faiss"),
                .product(name: "Vectors", package: "swift-faiss"),
                .product(name: "Word2Vec", package: "swift-faiss"),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)]
        )
    ]
)
