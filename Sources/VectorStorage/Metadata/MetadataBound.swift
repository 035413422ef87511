public import struct Foundation.Date

/// What values of metadata can be compared with by order: whole numbers, numbers, dates.
public protocol MetadataBound: Comparable {
    /// The bound as metadata.
    var bound: MetadataValue { get }
}

extension Int: MetadataBound {
    /// An integer.
    public var bound: MetadataValue { .integer(Int64(self)) }
}

extension Int64: MetadataBound {
    /// An integer.
    public var bound: MetadataValue { .integer(self) }
}

extension Double: MetadataBound {
    /// A double.
    public var bound: MetadataValue { .double(self) }
}

extension Date: MetadataBound {
    /// A date.
    public var bound: MetadataValue { .date(self) }
}
