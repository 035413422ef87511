public import Vectors

/// The vectors that an index takes: a `VectorMatrix` of numbers or a `BinaryMatrix` of bits.
public protocol IndexableVectors: Sendable {
    /// What a row consists of: numbers, or bytes of eight bits.
    associatedtype Component: BitwiseCopyable, Sendable
    /// What a search within a distance takes: a distance in the unit of the metric, or a number of bits.
    associatedtype Radius: Sendable

    /// The numbers or bits of every row.
    var dimension: Int { get }
    /// All components, row after row.
    var components: [Component] { get }
    /// Makes vectors of components that lie row after row.
    init(_ components: [Component], dimension: Int) throws(VectorError)
    /// A radius as the distance of a `Neighbor`.
    static func distance(of radius: Radius) -> Float
}

extension IndexableVectors {
    static var areBits: Bool { Component.self == UInt8.self }
}

extension VectorMatrix: IndexableVectors {
    /// The same as `values`.
    public var components: [Float] { values }
    /// The radius itself.
    public static func distance(of radius: Float) -> Float { radius }
}

extension BinaryMatrix: IndexableVectors {
    /// The same as `bytes`.
    public var components: [UInt8] { bytes }
    /// The number of bits.
    public static func distance(of radius: Int) -> Float { Float(radius) }
}
