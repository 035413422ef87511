#if Milvus
import Foundation
import VectorStorage
import Vectors

/// A row as the server's columns have it, within the server's limits.
struct EncodedRow: Sendable {
    let row: StoredVector
    let metadata: Data
    let tokens: [String]
    let numbers: Data

    /// Takes a row that ``RowRules`` allow.
    init(_ row: StoredVector) throws(VectorError) {
        self.row = row
        let tokens = MetadataTokens(row.metadata)
        metadata = Data(row.metadata.json.utf8)
        self.tokens = tokens.tokens
        numbers = Data(tokens.numbersJSON.utf8)
        for json in [metadata, numbers] where json.count > CollectionSchema.maximumJSONSize {
            throw VectorError(
                .invalidArgument,
                "the metadata of '\(row.key)' take \(json.count) bytes as JSON, more than the "
                    + "\(CollectionSchema.maximumJSONSize) that a server takes"
            )
        }
        guard tokens.tokens.count <= CollectionSchema.maximumTokenCount else {
            throw VectorError(
                .invalidArgument,
                "the fields and strings of lists in the metadata of '\(row.key)' are \(tokens.tokens.count), more than the "
                    + "\(CollectionSchema.maximumTokenCount) that a server takes"
            )
        }
    }

    /// About the bytes that it takes in a message.
    var messageSize: Int {
        row.key.text.utf8.count + 4 * row.vector.count + metadata.count + 20 * tokens.count + numbers.count + 32
    }

    /// Rows as columns.
    static func columns(of rows: ArraySlice<EncodedRow>, dimension: Int) -> [WireFieldData] {
        var keys = WireStringArray()
        keys.data = rows.map(\.row.key.text)
        var vectors = WireFloatArray()
        vectors.data.reserveCapacity(rows.count * dimension)
        for row in rows { vectors.data.append(contentsOf: row.row.vector) }
        var metadata = WireBytesArray()
        metadata.data = rows.map(\.metadata)
        var numbers = WireBytesArray()
        numbers.data = rows.map(\.numbers)
        var tokens = WireArrayArray()
        tokens.elementType = .varChar
        tokens.data = rows.map { row in
            var strings = WireStringArray()
            strings.data = row.tokens
            return scalars(.stringData(strings))
        }
        var vectorField = WireVectorField()
        vectorField.dim = Int64(dimension)
        vectorField.floatVector = vectors
        return [
            column(CollectionSchema.key, .varChar, .scalars(scalars(.stringData(keys)))),
            column(CollectionSchema.vector, .floatVector, .vectors(vectorField)),
            column(CollectionSchema.metadata, .json, .scalars(scalars(.jsonData(metadata)))),
            column(CollectionSchema.tokens, .array, .scalars(scalars(.arrayData(tokens)))),
            column(CollectionSchema.numbers, .json, .scalars(scalars(.jsonData(numbers)))),
        ]
    }

    private static func scalars(_ data: WireScalarField.OneOf_Data) -> WireScalarField {
        var field = WireScalarField()
        field.data = data
        return field
    }

    private static func column(
        _ name: String,
        _ type: WireDataType,
        _ content: WireFieldData.OneOf_Field
    ) -> WireFieldData {
        var column = WireFieldData()
        column.fieldName = name
        column.type = type
        column.field = content
        return column
    }
}

/// The columns of an answer, whatever their order.
struct AnswerColumns {
    private let columns: [String: WireFieldData]

    init(_ columns: [WireFieldData]) {
        self.columns = Dictionary(columns.map { ($0.fieldName, $0) }) { first, _ in first }
    }

    var keys: [VectorKey] {
        columns[CollectionSchema.key]?.scalars.stringData.data.map { VectorKey($0) } ?? []
    }

    /// The answer to `count(*)`.
    var count: Int? { columns["count(*)"]?.scalars.longData.data.first.map { Int($0) } }

    func metadata() throws(VectorError) -> [VectorMetadata] {
        var all: [VectorMetadata] = []
        for json in columns[CollectionSchema.metadata]?.scalars.jsonData.data ?? [] {
            all.append(try VectorMetadata(parsing: json))
        }
        return all
    }

    /// Whole rows.
    func rows(dimension: Int) throws(VectorError) -> [StoredVector] {
        let keys = keys
        let metadata = try metadata()
        let values = columns[CollectionSchema.vector]?.vectors.floatVector.data ?? []
        guard metadata.count == keys.count, values.count == keys.count * dimension else {
            throw VectorError(
                .server,
                "the server answered \(keys.count) keys, \(metadata.count) metadata and \(values.count) numbers of vectors "
                    + "of dimension \(dimension), which don't fit each other"
            )
        }
        return keys.indices.map { row in
            StoredVector(
                key: keys[row],
                vector: Array(values[row * dimension..<(row + 1) * dimension]),
                metadata: metadata[row]
            )
        }
    }
}
#endif
