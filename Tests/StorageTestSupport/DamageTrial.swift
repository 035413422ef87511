package import Foundation
import TestSupport
import VectorStorage
import Vectors

/// A store, copies of which are damaged and opened: each must answer rightly in everything, or with a typed error.
package struct DamageTrial: Sendable {
    package enum Target: Sendable, CaseIterable {
        case sidecar, database, log, acknowledged
        /// Of a trial of rows on the disk.
        case rowFile
    }

    package enum Outcome: String, Sendable {
        /// Not worse than before: the damage met bytes that nothing depends on, or was repaired.
        case right = "all answers right:"
        case rightWithoutIndex = "all answers right, the index file refused:"
        case refused = "typed error:"
    }

    /// An answer that is wrong, with the seed that gives it again.
    package struct WrongAnswer: Error, CustomStringConvertible {
        package let description: String
    }

    private let pristine: URL
    private let copy: URL
    private let model: StorageModel
    private let load: StorageLoad
    private let memoryBudget: Int?

    /// Writes the store: rows, an index file, and, in the write-ahead log, changes after it.
    ///
    /// - Parameter isOnDisk: whether there are so many rows, and so little memory for them, that a row file holds most.
    package init(folder: URL, isOnDisk: Bool = false) async throws {
        load = StorageLoad(seed: 9, dimension: 8, keys: isOnDisk ? 12_000 : 1500, batch: 100)
        memoryBudget = isOnDisk ? 1 << 20 : nil
        pristine = folder.appending(path: "pristine")
        copy = folder.appending(path: "copy")
        var model = StorageModel(metric: .squaredL2)
        let live = folder.appending(path: "live")
        let store = try await VectorStore.open(live)
        let collection = try await store.createCollection(
            "rows",
            dimension: 8,
            metric: .squaredL2,
            index: .described(.ivfFlat(lists: 8)),
            fullText: StorageLoad.fullText
        )
        let rows = load.rows(0..<load.keys)
        try await collection.upsert(rows)
        model.apply(.upsert(rows))
        try await store.compact()
        for number in 0..<20 {
            try await load.operation(number).run(on: collection)
            model.apply(load.operation(number))
        }
        // Copied while it is open, the log is not yet emptied: as after a crash.
        try FileManager.default.copyItem(at: live, to: pristine)
        try await store.close()
        try FileManager.default.removeItem(at: live)
        self.model = model
    }

    /// Damages a copy and looks at everything in it.
    package func run(_ target: Target, seed: UInt64) async throws -> Outcome {
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.copyItem(at: pristine, to: copy)
        var random = SplitMix64(seed: seed)
        let damage = FileDamage.allCases.randomElement(using: &random)!
        let names = try FileManager.default.contentsOfDirectory(atPath: copy.path)
        let name: String? =
            switch target {
            case .rowFile: names.first { $0.hasSuffix(".vrows") }
            case .sidecar: names.first { $0.hasSuffix(".vlists") }
            case .database: "store.sqlite"
            case .log: "store.sqlite-wal"
            case .acknowledged: "acknowledged"
            }
        guard let name else { throw WrongAnswer(description: "there is no \(target)") }
        try damage.apply(to: copy.appending(path: name), using: &random)
        do {
            let options = StoreOptions(access: .readWrite, memoryBudget: memoryBudget)
            let store = try await VectorStore.open(copy, options: options)
            do {
                let hadIndex = try await look(at: store, seed: seed, "\(damage) of \(name), seed \(seed)")
                try await store.close()
                return hadIndex ? .right : .rightWithoutIndex
            } catch {
                // Its background work would go on in the folder of the next copy.
                try? await store.close()
                throw error
            }
        } catch is VectorError {
            return .refused
        }
    }

    /// Looks at everything in a store; whether its index could be used.
    private func look(at store: VectorStore, seed: UInt64, _ damage: String) async throws -> Bool {
        let collection = try await store.collection("rows")
        let hadIndex = collection.statistics.indexProblem == nil
        let first = Int(truncatingIfNeeded: seed % 1000) * 10
        var problem = try await difference(collection, model, load: load, queries: first..<first + 8)
        // Words have no checksums, so that a row may be missing; what is there is as it was written.
        let found = try await collection.search(text: "tag\(seed % 30) de name", k: 20)
        for match in found.matches where model.rows[match.key]?.row.metadata != match.metadata {
            problem = "\(match.key) is there with \(match.metadata)"
        }
        _ = try await store.verify()
        if let problem { throw WrongAnswer(description: "\(damage): \(problem)") }
        return hadIndex
    }
}
