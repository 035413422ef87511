#if Milvus
import VectorStorage
import Vectors

/// The rows that an expression holds for, a page after the other, by rising keys.
struct RowPages: Sendable {
    private let collection: MilvusCollection
    private let expression: String
    private let columns: [String]
    private var limit: Int
    private var last: VectorKey?
    private var isAtEnd = false

    /// - Parameters:
    ///   - columns: the key among them.
    ///   - rowSize: about the bytes of a row in an answer.
    init(collection: MilvusCollection, expression: String, columns: [String], rowSize: Int) {
        self.collection = collection
        self.expression = expression
        self.columns = columns
        limit = min(max((16 << 20) / rowSize, 16), 16_384)
    }

    /// Whole rows.
    init(collection: MilvusCollection, expression: String) {
        self.init(
            collection: collection,
            expression: expression,
            columns: CollectionSchema.rowColumns,
            rowSize: CollectionSchema.rowSize(dimension: collection.dimension)
        )
    }

    /// The next page; nil at the end.
    mutating func next() async throws(VectorError) -> AnswerColumns? {
        while !isAtEnd {
            let after = last.map { "\(CollectionSchema.key) > \(ServerExpression.literal($0.text))" }
            let parts = [after, expression.isEmpty ? nil : expression].compactMap { $0 }
            let whole =
                switch parts.count {
                // Every key is longer.
                case 0: "\(CollectionSchema.key) > \"\""
                case 1: parts[0]
                default: "(\(parts[0])) and (\(parts[1]))"
                }
            let page: AnswerColumns
            do throws(VectorError) {
                // Without `iterator` some servers answer pages in an arbitrary order.
                page = try await collection.query(whole, columns, ["limit": "\(limit)", "iterator": "True"])
            } catch {
                // Metadata are larger than they usually are.
                guard error.code == .tooLarge, limit > 1 else { throw error }
                limit /= 2
                continue
            }
            let keys = page.keys
            guard let newest = keys.last else { break }
            for (key, next) in zip([last].compactMap { $0 } + keys, last == nil ? keys.dropFirst() : keys[...])
            where key >= next {
                throw VectorError(
                    .server,
                    "the server \(collection.client.address) answered the keys '\(key)' and '\(next)' out of order, so that "
                        + "rows could be missed"
                )
            }
            last = newest
            // A page may be short before the end only if the server says so by none.
            return page
        }
        isAtEnd = true
        return nil
    }
}
#endif
