import Foundation
import Vectors

extension IndexCore {
    func write(to url: URL) throws(VectorError) {
        try state.read { state throws(VectorError) in
            try state.withNative { native throws(VectorError) in
                try state.ids.checkInMemory()
                let header = IndexFile.Header(metric: kind.metric, ids: state.explicitIDs, nextID: state.ids.nextID)
                try IndexFile.write(header, to: url) { output throws(VectorError) in
                    try native.write(ids: nil, to: output)
                }
            }
        }
    }

    func writeFaissFile(to url: URL) throws(VectorError) {
        try state.read { state throws(VectorError) in
            try state.withNative { native throws(VectorError) in
                try state.ids.checkInMemory()
                try state.ids.checkExpressible()
                try state.description.checkForFaiss(dimension: dimension)
                let ids = state.explicitIDs
                let file = try AtomicFile(replacing: url)
                try native.write(ids: ids, isForFaiss: true) { bytes throws(VectorError) in try file.write(bytes) }
                try file.commit()
            }
        }
    }

    init(envelope url: URL, areBits: Bool) throws(VectorError) {
        let (header, body) = try IndexFile.read(url)
        guard areBits == (header.metric == nil) else {
            let path = url.path(percentEncoded: false)
            let hint =
                header.metric.map { "compares by \($0): read it as a VectorIndex" }
                ?? "holds binary vectors: read it as a BinaryIndex"
            throw VectorError(.unsupported, "'\(path)' \(hint)")
        }
        try self.init(body, areBits: areBits, metric: header.metric, ids: header.ids, nextID: header.nextID)
    }

    /// - Parameter metric: nil for the file's.
    init(faissFile url: URL, areBits: Bool, metric: Metric? = nil) throws(VectorError) {
        let file = try InputFile(url)
        let bytes = try file.bytes(0..<file.size)
        do throws(VectorError) {
            try self.init(bytes, areBits: areBits, metric: metric, ids: nil, nextID: 0)
        } catch {
            throw VectorError(error.code, "can't read '\(url.path(percentEncoded: false))': \(error.message)")
        }
    }

    /// - Parameter ids: the ids by position, nil where Faiss's data have them.
    private init(
        _ faissBytes: [UInt8],
        areBits: Bool,
        metric: Metric?,
        ids: [Int64]?,
        nextID: Int64?
    ) throws(VectorError) {
        if areBits { try FaissFormat.verifyBinary(faissBytes) } else { try FaissFormat.verify(faissBytes) }
        var map: [Int64]?
        let native = try NativeIndex(reading: faissBytes, areBits: areBits, ids: &map)
        guard let description = try native.shape().description else {
            throw VectorError(.unsupported, "this type of Faiss index can't be read")
        }
        var kind = VectorKind.bits
        if !areBits {
            let nativeMetric: Metric = native.isInnerProduct ? .innerProduct : .squaredL2
            let metric = metric ?? nativeMetric
            guard metric == nativeMetric || metric == .cosine && nativeMetric == .innerProduct else {
                throw VectorError(.invalidArgument, "the index compares by \(nativeMetric), not by \(metric)")
            }
            try description.validate(metric: metric)
            kind = .numbers(metric)
        }
        var state = IndexState(description: description)
        let explicit: [Int64]?
        if state.labelsAreIDs {
            explicit = try native.storedLabels().sorted()
        } else {
            // Lists inside of a refined index say which of the exact vectors is meant: each exactly once.
            if description.hasLists, try !native.storedLabels().sorted().elementsEqual(0..<Int64(native.count)) {
                throw VectorError(.invalidFormat, "its inverted lists don't hold the refined index's vectors")
            }
            explicit = ids ?? map
        }
        state.ids = try IDMap(
            file: explicit,
            count: native.count,
            nextID: nextID,
            // Only our own file marks them, and only a graph hides any.
            mayHide: ids != nil && !description.capabilities.freesRemovedVectors
        )
        let dimension = native.dimension
        state.native = consume native
        self.init(state, dimension: dimension, kind: kind)
    }
}
