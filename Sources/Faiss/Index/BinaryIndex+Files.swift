public import Foundation
import Vectors

extension BinaryIndex {
    /// Writes the index to a file that `init(contentsOf:)` reads, in the checksummed envelope that
    /// `VectorIndex/write(to:)` writes. The file is there whole or not at all.
    ///
    /// - Throws: ``FaissError`` with code `inputOutput`, `notTrained`, `damaged`.
    public func write(to url: URL) throws(FaissError) {
        try withNative { state, native throws(FaissError) in
            let header = IndexFile.Header(
                metric: nil,
                // An IVF index stores the ids itself.
                ids: state.labelsAreIDs ? nil : state.ids.explicitIDs,
                nextID: state.ids.nextID
            )
            try IndexFile.write(header, to: url) { output throws(FaissError) in
                try native.write(ids: nil, to: output)
            }
        }
    }

    /// Reads an index that `write(to:)` wrote. Every byte is verified before Faiss sees the first.
    ///
    /// - Throws: ``FaissError`` with code `inputOutput`, `invalidFormat`, `unsupported` (the file of a ``VectorIndex``),
    ///   `tooLarge`.
    public convenience init(contentsOf url: URL) throws(FaissError) {
        self.init(try Contents(envelope: url))
    }

    /// Writes the index in Faiss's own format, which Python's `faiss.read_index_binary` reads. Ids other than 0, 1, 2, …
    /// are kept in an `IndexBinaryIDMap2`. The format has no checksum; the file is there whole or not at all.
    ///
    /// - Throws: ``FaissError`` with code `inputOutput`, `notTrained`, `damaged`, or `unsupported` for an index with hidden
    ///   vectors, which the format can't tell from others.
    public func writeFaissFile(to url: URL) throws(FaissError) {
        try withNative { state, native throws(FaissError) in
            try state.ids.checkExpressible()
            let ids = state.labelsAreIDs ? nil : state.ids.explicitIDs
            try withFaissError {
                let file = try AtomicFile(replacing: url)
                try native.write(ids: ids) { bytes throws(VectorError) in try file.write(bytes) }
                try file.commit()
            }
        }
    }

    /// Reads an index in Faiss's own format, such as Python's `faiss.write_index_binary` makes: an `IndexBinaryFlat`,
    /// `IndexBinaryIVF` or `IndexBinaryHNSW`, also inside an `IndexBinaryIDMap` or `IndexBinaryIDMap2`.
    ///
    /// The structure of the file is verified before Faiss sees it, but the format has no checksum.
    ///
    /// - Throws: ``FaissError`` with code `inputOutput`, `invalidFormat`, `unsupported`, `tooLarge`.
    public convenience init(faissFile url: URL) throws(FaissError) {
        self.init(try Contents(faissFile: url))
    }

    private func withNative(
        _ body: (borrowing State, borrowing NativeBinaryIndex) throws(FaissError) -> Void
    ) throws(FaissError) {
        try state.read { state throws(FaissError) in
            try state.checkUsable()
            switch state.native {
            case .none: throw FaissError(.notTrained, "the index is not trained")
            case .some(let native): try body(state, native)
            }
        }
    }

    /// What a file held.
    struct Contents: Sendable {
        let dimension: Int
        let state: ReadWriteLocked<State>

        init(envelope url: URL) throws(FaissError) {
            let (header, body) = try IndexFile.read(url)
            if let metric = header.metric {
                let path = url.path(percentEncoded: false)
                throw FaissError(.unsupported, "'\(path)' compares by \(metric): read it as a VectorIndex")
            }
            try self.init(faissBytes: body, ids: header.ids, nextID: header.nextID)
        }

        init(faissFile url: URL) throws(FaissError) {
            let bytes = try withFaissError {
                let file = try InputFile(url)
                return try file.bytes(0..<file.size)
            }
            do throws(FaissError) {
                try self.init(faissBytes: bytes, ids: nil, nextID: 0)
            } catch {
                throw FaissError(error.code, "can't read '\(url.path(percentEncoded: false))': \(error.message)")
            }
        }

        private init(faissBytes: [UInt8], ids: [Int64]?, nextID: Int64?) throws(FaissError) {
            try FaissFormat.verifyBinary(faissBytes)
            var map: [Int64]?
            let native = try NativeBinaryIndex(reading: faissBytes, ids: &map)
            var state = State(description: try native.shape().description)
            state.ids = try IDMap(
                file: state.labelsAreIDs ? native.storedLabels().sorted() : ids ?? map,
                count: native.count,
                nextID: nextID,
                mayHide: ids != nil && !state.description.capabilities.freesRemovedVectors
            )
            dimension = native.dimension
            state.native = consume native
            self.state = ReadWriteLocked(state)
        }
    }
}
