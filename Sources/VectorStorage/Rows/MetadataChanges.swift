/// Changes of the metadata of rows, whose vectors stay as they are.
package struct MetadataChanges: Sendable {
    private let changes: [(key: VectorKey, metadata: VectorMetadata)]
    private let replacing: Bool
    private let removed: Set<String>
    /// The keys, each once, in the order of the changes.
    package let keys: [VectorKey]

    package init(_ changes: [(key: VectorKey, metadata: VectorMetadata)], replacing: Bool, removing fields: Set<String>)
    {
        self.changes = changes
        self.replacing = replacing
        removed = fields
        var seen = Set<VectorKey>()
        keys = changes.map(\.key).filter { seen.insert($0).inserted }
    }

    /// The rows as they are afterwards, in the order of the keys. Changes of the same row are made in their order.
    package func applied(to rows: [VectorKey: StoredVector]) -> [StoredVector] {
        var rows = rows
        for (key, metadata) in changes {
            for field in removed { rows[key]?.metadata[field] = nil }
            if replacing { rows[key]?.metadata = metadata }
            rows[key]?.metadata.merge(metadata) { _, new in new }
        }
        return keys.compactMap { rows[$0] }
    }
}
