#if Milvus
import SwiftProtobuf
import VectorStorage
import Vectors

/// A collection as the server has it: five columns, which are its format. The metric is its index's.
///
/// | column | holds |
/// |---|---|
/// | `key` | the key |
/// | `vector` | the vector |
/// | `metadata` | the metadata as JSON, as ``RowLine`` writes them: what is read back, and what other clients can filter by |
/// | `tokens` | what conditions are answered by, as JSON; see ``MetadataTokens`` |
/// | `numbers` | numbers and dates as text that sorts, as JSON |
enum CollectionSchema {
    static let key = "key"
    static let vector = "vector"
    static let metadata = "metadata"
    static let tokens = "tokens"
    static let numbers = "numbers"
    /// What a row is read from.
    static let rowColumns = [key, vector, metadata]

    /// About the bytes that a row with metadata of ordinary size takes in an answer.
    static func rowSize(dimension: Int) -> Int { 4 * dimension + 256 }

    /// The most bytes that the server takes as a row's JSON.
    static let maximumJSONSize = 65_536

    static func creation(
        of name: String,
        dimension: Int,
        shards: Int,
        database: String
    ) throws(VectorError) -> WireCreateCollectionRequest {
        var schema = WireCollectionSchema()
        schema.name = name
        var keyField = field(key, .varChar, ["max_length": "\(VectorKey.maximumLength)"])
        keyField.isPrimaryKey = true
        schema.fields = [
            keyField, field(vector, .floatVector, ["dim": "\(dimension)"]), field(metadata, .json),
            field(tokens, .json), field(numbers, .json),
        ]
        var request = WireCreateCollectionRequest()
        request.dbName = database
        request.collectionName = name
        request.schema = try withVectorError { try schema.serializedData() }
        request.shardsNum = Int32(shards)
        return request
    }

    private static func field(
        _ name: String,
        _ type: WireDataType,
        _ parameters: KeyValuePairs<String, String> = [:]
    ) -> WireFieldSchema {
        var field = WireFieldSchema()
        field.name = name
        field.dataType = type
        field.typeParams = pairs(parameters)
        return field
    }

    static func pairs(_ parameters: KeyValuePairs<String, String>) -> [WireKeyValuePair] {
        parameters.map { name, value in
            var pair = WireKeyValuePair()
            pair.key = name
            pair.value = value
            return pair
        }
    }

    /// The dimension of a collection's vectors; an error where it is not one of ours.
    static func dimension(of schema: WireCollectionSchema, name: String) throws(VectorError) -> Int {
        let types = Dictionary(schema.fields.map { ($0.name, $0.dataType) }) { first, _ in first }
        let wanted: [String: WireDataType] = [
            key: .varChar, vector: .floatVector, metadata: .json, tokens: .json, numbers: .json,
        ]
        let dimension = schema.fields.first { $0.name == vector }?.typeParams.first { $0.key == "dim" }
        guard types == wanted, let dimension, let dimension = Int(dimension.value) else {
            throw VectorError(
                .invalidFormat,
                "the server's collection '\(name)' was not created by this package: it has the columns "
                    + types.keys.sorted().joined(separator: ", ")
            )
        }
        return dimension
    }
}
#endif
