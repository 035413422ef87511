public import struct Foundation.URL

/// Reading and writing the field's own vector files, by their extension.
///
/// | extension | content |
/// |---|---|
/// | `.fvecs` | each row: dimension as a 32-bit integer, then that many 32-bit floats (the TEXMEX format) |
/// | `.bvecs` | the same with bytes from 0 to 255 for components; read only |
/// | `.ivecs` | the same with 32-bit integers: lists of ids, such as a ground truth |
/// | `.npy` | NumPy's array file: two-dimensional, C order; reads `f4`, `f8`, `f2`, `i1` and `u1`, writes `<f4` |
///
/// All numbers are little-endian. Writing is atomic: the file is there whole or not at all.
public enum VectorFile {
    /// Reads the vectors of a `.fvecs`, `.bvecs` or `.npy` file.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - limit: read at most so many rows; nil reads all.
    /// - Throws: ``VectorError`` with code `inputOutput`, `invalidFormat`, `tooLarge` or `invalidArgument`.
    public static func read(_ url: URL, limit: Int? = nil) throws(VectorError) -> VectorMatrix {
        if let limit, limit < 0 { throw VectorError(.invalidArgument, "limit \(limit) is negative") }
        return try withVectorError {
            switch url.pathExtension.lowercased() {
            case "fvecs": try VecsFormat<Float>.read(url, limit: limit)
            case "bvecs": try VecsFormat<UInt8>.read(url, limit: limit)
            case "npy": try NumPyFormat.read(url, limit: limit)
            default: throw unknownExtension(url)
            }
        }
    }

    /// How many vectors a `.fvecs`, `.bvecs` or `.npy` file holds, and of which dimension, by its header and its length
    /// alone; of an `.ivecs` file, how many lists of ids, and how many ids each.
    ///
    /// - Throws: ``VectorError`` with code `inputOutput`, `invalidFormat` or `invalidArgument`.
    public static func shape(of url: URL) throws(VectorError) -> (count: Int, dimension: Int) {
        try withVectorError {
            switch url.pathExtension.lowercased() {
            case "fvecs": try VecsFormat<Float>.shape(url)
            case "bvecs": try VecsFormat<UInt8>.shape(url)
            case "ivecs": try VecsFormat<Int32>.shape(url)
            case "npy": try NumPyFormat.shape(url)
            default: throw unknownExtension(url)
            }
        }
    }

    private static func unknownExtension(_ url: URL) -> VectorError {
        VectorError(.invalidArgument, "'\(url.lastPathComponent)' has none of the extensions .fvecs, .bvecs, .npy")
    }

    /// Writes vectors to a `.fvecs` or `.npy` file.
    ///
    /// - Throws: ``VectorError`` with code `inputOutput` or `invalidArgument`.
    public static func write(_ matrix: VectorMatrix, to url: URL) throws(VectorError) {
        switch url.pathExtension.lowercased() {
        case "fvecs":
            try VecsFormat<Float>.write(
                rows: matrix.count,
                to: url,
                row: { row in matrix[row] }
            )
        case "npy": try NumPyFormat.write(matrix, to: url)
        default:
            throw VectorError(
                .invalidArgument,
                "'\(url.lastPathComponent)' has none of the extensions .fvecs, .npy"
            )
        }
    }

    /// Reads the rows of an `.ivecs` file, lists of ids of equal length.
    ///
    /// - Throws: ``VectorError`` with code `inputOutput`, `invalidFormat`, `tooLarge` or `invalidArgument`.
    public static func readIDs(_ url: URL, limit: Int? = nil) throws(VectorError) -> [[Int32]] {
        if let limit, limit < 0 { throw VectorError(.invalidArgument, "limit \(limit) is negative") }
        return try withVectorError {
            try VecsFormat<Int32>.readRows(url, limit: limit)
        }
    }

    /// Writes lists of ids to an `.ivecs` file. Lists may differ in length; most readers expect them not to.
    ///
    /// - Throws: ``VectorError`` with code `inputOutput`.
    public static func writeIDs(_ rows: [[Int32]], to url: URL) throws(VectorError) {
        try VecsFormat<Int32>.write(rows: rows.count, to: url) { row in rows[row] }
    }

    // MARK: From async functions

    /// As `read(_:limit:)`, off the cooperative pool.
    public static func read(_ url: URL, limit: Int? = nil) async throws(VectorError) -> VectorMatrix {
        try await runBlocking { _ throws(VectorError) in try read(url, limit: limit) }
    }

    /// As `write(_:to:)`, off the cooperative pool.
    public static func write(_ matrix: VectorMatrix, to url: URL) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in try write(matrix, to: url) }
    }

    /// As `readIDs(_:limit:)`, off the cooperative pool.
    public static func readIDs(_ url: URL, limit: Int? = nil) async throws(VectorError) -> [[Int32]] {
        try await runBlocking { _ throws(VectorError) in try readIDs(url, limit: limit) }
    }

    /// As `writeIDs(_:to:)`, off the cooperative pool.
    public static func writeIDs(_ rows: [[Int32]], to url: URL) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in try writeIDs(rows, to: url) }
    }
}
