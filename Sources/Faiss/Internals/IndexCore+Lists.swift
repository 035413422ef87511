import Foundation
import Vectors

/// Inverted lists that stay in a file: see ``ListFile``.
extension IndexCore {
    func writeLists(to url: URL) throws(VectorError) {
        // No change comes in between, but searches go on: the lock is held for a list at a time.
        try state.changing { () throws(VectorError) in
            let head = try state.read { state throws(VectorError) in try state.listHead(kind) }
            let file = try ListFile.Writer(head, to: url)
            try withNative { native throws(VectorError) in
                try native.writeTrainedPart { bytes throws(VectorError) in try file.writeTrainedPart(bytes) }
            }
            try file.endTrainedPart()
            for list in 0..<head.listCount {
                try withNative { native throws(VectorError) in
                    try native.writeList(list) { bytes throws(VectorError) in try file.write(bytes) }
                }
                file.endList()
            }
            try file.commit()
        }
    }

    private func withNative(
        _ body: (borrowing NativeIndex) throws(VectorError) -> Void
    ) throws(VectorError) {
        try state.read { state throws(VectorError) in try state.withNative(body) }
    }

    init(listsOf url: URL, inMemory: Bool) throws(VectorError) {
        let file = try ListFile(url)
        let (trainedPart, places) = try file.contents()
        do throws(VectorError) {
            try self.init(file, trainedPart, places, inMemory: inMemory)
        } catch {
            throw VectorError(error.code, "can't read '\(file.path)': \(error.message)")
        }
    }

    private init(
        _ file: ListFile,
        _ trainedPart: [UInt8],
        _ places: [ListFile.Place],
        inMemory: Bool
    ) throws(VectorError) {
        try FaissFormat.verify(trainedPart)
        var map: [Int64]?
        var native = try NativeIndex(reading: trainedPart, areBits: false, ids: &map)
        guard let description = try native.shape().description, description.canKeepListsInFile,
            native.isInnerProduct == (file.head.metric != .squaredL2), map == nil
        else { throw VectorError(.invalidFormat, "its trained part is of another kind of index") }
        let kind = VectorKind.numbers(file.head.metric)
        let dimension = native.dimension
        try kind.validate(description, dimension: dimension)
        var state = IndexState(description: description)
        if file.head.count > 0 {
            try native.keepLists(in: file, at: places)
            if inMemory {
                try native.bringListsIntoMemory()
                state.ids = try IDMap(
                    file: native.storedLabels().sorted(),
                    count: native.count,
                    nextID: file.head.nextID,
                    mayHide: false
                )
            } else {
                state.ids = IDMap(inFile: file.head.count, nextID: file.head.nextID)
            }
        } else {
            state.ids = IDMap(identity: 0, nextID: file.head.nextID)
        }
        state.native = consume native
        self.init(state, dimension: dimension, kind: kind)
    }
}

extension IndexState {
    /// What a file says of the index as it is.
    fileprivate func listHead(_ kind: VectorKind) throws(VectorError) -> ListFile.Head {
        try withNative { native throws(VectorError) in
            guard let metric = kind.metric, description.canKeepListsInFile, let lists = description.listCount else {
                throw VectorError(.unsupported, "the lists of \(description) can't stay in a file")
            }
            return ListFile.Head(
                metric: metric,
                nextID: ids.nextID,
                listCount: lists,
                codeSize: try native.codeSize()
            )
        }
    }
}
