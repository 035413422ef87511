#if Milvus
import Foundation
import VectorStorage
import Vectors

/// Rows as the server's columns have them.
enum RowColumns {
    /// Refuses a row whose metadata the server would not take; ``RowRules`` know the rest.
    static func checkSize(of row: StoredVector) throws(VectorError) {
        // What it can't be more than is known without writing it.
        let bound = row.metadata.reduce(2) { $0 + 6 * $1.key.utf8.count + 128 + largestSize(of: $1.value) }
        if bound <= CollectionSchema.maximumJSONSize { return }
        let tokens = MetadataTokens(row.metadata)
        for json in [row.metadata.json, tokens.tokensJSON, tokens.numbersJSON] {
            let size = json.utf8.count
            guard size <= CollectionSchema.maximumJSONSize else {
                throw VectorError(
                    .invalidArgument,
                    "the metadata of '\(row.key)', or what they are found by, take \(size) bytes as JSON, more than the "
                        + "\(CollectionSchema.maximumJSONSize) that a server takes"
                )
            }
        }
    }

    private static func largestSize(of value: MetadataValue) -> Int {
        switch value {
        case .string(let text): 6 * text.utf8.count
        case .strings(let texts): texts.reduce(0) { $0 + 6 * $1.utf8.count + 24 }
        case .integer, .double, .bool, .date, .null: 0
        }
    }

    /// About the bytes that a row takes in a message.
    static func messageSize(of row: StoredVector) -> Int {
        row.metadata.reduce(row.key.text.utf8.count + 4 * row.vector.count + 64) {
            $0 + $1.key.utf8.count + 128 + largestSize(of: $1.value)
        }
    }

    /// Rows that ``checkSize(of:)`` allows, as columns.
    static func columns(of rows: ArraySlice<StoredVector>, dimension: Int) -> [WireFieldData] {
        var keys = WireStringArray()
        keys.data = rows.map(\.key.text)
        var vectors = WireFloatArray()
        vectors.data.reserveCapacity(rows.count * dimension)
        for row in rows { vectors.data.append(contentsOf: row.vector) }
        var metadata = WireBytesArray()
        metadata.data = rows.map { Data($0.metadata.json.utf8) }
        var (tokens, numbers) = (WireBytesArray(), WireBytesArray())
        var maker = TokenMaker()
        for row in rows {
            let terms = MetadataTokens(row.metadata, &maker)
            tokens.data.append(Data(terms.tokensJSON.utf8))
            numbers.data.append(Data(terms.numbersJSON.utf8))
        }
        var vectorField = WireVectorField()
        vectorField.dim = Int64(dimension)
        vectorField.floatVector = vectors
        return [
            column(CollectionSchema.key, .varChar, .scalars(scalars(.stringData(keys)))),
            column(CollectionSchema.vector, .floatVector, .vectors(vectorField)),
            column(CollectionSchema.metadata, .json, .scalars(scalars(.jsonData(metadata)))),
            column(CollectionSchema.tokens, .json, .scalars(scalars(.jsonData(tokens)))),
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
