import Foundation
import Vectors

/// A folder that gets its name when it is whole, and is removed otherwise. One that a killed process left behind is
/// removed by the next that makes one beside it: it is known by its lock, which the system has taken back.
final class TemporaryFolder {
    let url: URL
    private let lock: FolderLock
    private static let prefix = ".swift-faiss-"
    private static let ending = ".tmp"

    init(in parent: URL) throws(VectorError) {
        try Folder.create(parent)
        Self.removeForgotten(in: parent)
        url = parent.appending(path: "\(Self.prefix)\(UUID().uuidString)\(Self.ending)", directoryHint: .isDirectory)
        try Folder.create(url)
        do throws(VectorError) {
            lock = try FolderLock(url)
        } catch {
            try? FileManager.default.removeItem(at: url)
            throw error
        }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Gives the folder its name, for good.
    func move(to destination: URL) throws(VectorError) {
        try? FileManager.default.removeItem(at: FolderLock.file(in: url))
        try Folder.move(url, to: destination)
        try flush(destination.deletingLastPathComponent())
    }

    private static func removeForgotten(in parent: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path(percentEncoded: false))) ?? []
        for name in names where name.hasPrefix(prefix) && name.hasSuffix(ending) {
            let url = parent.appending(path: name, directoryHint: .isDirectory)
            // Without a lock it is a file of somebody else, or about to get one.
            guard FileManager.default.fileExists(atPath: FolderLock.file(in: url).path(percentEncoded: false)),
                let lock = try? FolderLock(url)
            else { continue }
            withExtendedLifetime(lock) { try? FileManager.default.removeItem(at: url) }
        }
    }
}
