import Synchronization
import Vectors

/// Keeps passages of word numbers: in memory as long as the budget lasts, then in a temporary file.
///
/// A passage holds the numbers of its words in the corpus's order, ``sentenceEnd`` behind each sentence.
package final class Spool: Sendable {
    /// Stands behind each sentence.
    package static let sentenceEnd = UInt32.max

    /// Where a passage is kept.
    enum Passage: Sendable {
        case memory([UInt32])
        case file(offset: Int, count: Int)

        /// How many numbers it has.
        var count: Int {
            switch self {
            case .memory(let numbers): numbers.count
            case .file(_, let count): count
            }
        }
    }

    private let folder: String
    private let state: Mutex<State>

    private struct State {
        var memory: Int
        var file: TemporaryFile?
        var fileSize = 0
    }

    /// - Parameters:
    ///   - memory: the bytes that passages in memory may take.
    ///   - folder: where the temporary file goes.
    package init(memory: Int, folder: String = TemporaryFile.standardFolder) {
        self.folder = folder
        state = Mutex(State(memory: memory))
    }

    /// Keeps a passage.
    func add(_ numbers: [UInt32]) throws(VectorError) -> Passage {
        let bytes = numbers.count * 4
        let isInMemory = state.withLock { state in
            guard bytes <= state.memory else { return false }
            state.memory -= bytes
            return true
        }
        // A copy, which unlike the array that was filled has no room to spare.
        if isInMemory { return .memory(numbers.withUnsafeBufferPointer { Array($0) }) }
        let (file, offset) = try state.withLock { state throws(VectorError) in
            if state.file == nil { state.file = try TemporaryFile(in: folder) }
            defer { state.fileSize += bytes }
            return (state.file!, state.fileSize)
        }
        try numbers.withUnsafeBytes { raw in Result { () throws(VectorError) in try file.write(raw, at: offset) } }
            .get()
        return .file(offset: offset, count: numbers.count)
    }

    /// The numbers of a passage.
    func read(_ passage: Passage) throws(VectorError) -> [UInt32] {
        switch passage {
        case .memory(let numbers): return numbers
        case .file(let offset, let count):
            guard let file = state.withLock({ $0.file }) else { return [] }
            var numbers = [UInt32](repeating: 0, count: count)
            try numbers.withUnsafeMutableBytes { raw in
                Result { () throws(VectorError) in try file.read(into: raw, at: offset) }
            }.get()
            return numbers
        }
    }
}
