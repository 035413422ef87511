public import Vectors

/// What a collection of so many rows would take, calculated from what one takes here.
///
/// A calculation, not a promise: bytes grow with the rows; a search through inverted lists, whose number and of which the
/// visited ones grow with roots of the rows, grows with their power of 3/4, and building them with their power of 3/2,
/// which a graph stays below.
public struct CapacityPlan: Sendable, Hashable, Codable {
    /// What was measured of a collection on this machine.
    public struct Measurement: Sendable, Hashable, Codable {
        /// Rows.
        public var count: Int
        /// The length of every vector.
        public var dimension: Int
        /// Bytes on disk, the index file included.
        public var diskSize: Int
        /// Bytes in memory: rows and index.
        public var memorySize: Int
        /// Seconds that opening took.
        public var openingSeconds: Double
        /// Seconds that a search takes, the median of some.
        public var searchSeconds: Double
        /// Seconds that building the index takes.
        public var buildingSeconds: Double

        /// Puts a measurement together.
        public init(
            count: Int,
            dimension: Int,
            diskSize: Int,
            memorySize: Int,
            openingSeconds: Double,
            searchSeconds: Double,
            buildingSeconds: Double
        ) {
            self.count = count
            self.dimension = dimension
            self.diskSize = diskSize
            self.memorySize = memorySize
            self.openingSeconds = openingSeconds
            self.searchSeconds = searchSeconds
            self.buildingSeconds = buildingSeconds
        }
    }

    /// What it was calculated from.
    public let measurement: Measurement
    /// The rows that are planned.
    public let count: Int
    /// On one machine like this: bytes on disk.
    public let diskSize: Int
    /// On one machine like this: bytes in memory.
    public let memorySize: Int
    /// On one machine like this: seconds that opening takes.
    public let openingSeconds: Double
    /// On one machine like this: seconds that a search takes.
    public let searchSeconds: Double
    /// On one machine like this: seconds that building the index takes.
    public let buildingSeconds: Double
    /// Bytes that a Milvus cluster holds in memory in all: vectors, HNSW graphs of 16 neighbours, and what else a row has,
    /// and half as much again for what is being merged and indexed.
    public let clusterMemorySize: Int
    /// Machines that hold these bytes, each to 70 of 100.
    public let clusterNodeCount: Int

    /// Calculates.
    ///
    /// - Parameters:
    ///   - measurement: of a collection of 1,000 rows or more; fewer say little.
    ///   - count: 1…10¹², the rows that are planned.
    ///   - nodeMemory: bytes of memory of a machine of the cluster, from 1 GiB.
    /// - Throws: `VectorError` with code `invalidArgument`.
    public init(_ measurement: Measurement, count: Int, nodeMemory: Int) throws(VectorError) {
        try checkRange(measurement.count, 1000...Int(1e12), "the number of rows that are measured")
        try checkRange(count, 1...Int(1e12), "the number of rows")
        try checkRange(nodeMemory, 1 << 30...1 << 50, "the memory of a node in bytes")
        let factor = Double(count) / Double(measurement.count)
        self.measurement = measurement
        self.count = count
        diskSize = Int(Double(measurement.diskSize) * factor)
        memorySize = Int(Double(measurement.memorySize) * factor)
        openingSeconds = measurement.openingSeconds * factor
        // As long as every row is compared, with the rows.
        let indexed = Double(CollectionIndex.automatic.minimumCount)
        let (before, after) = (Double(measurement.count), Double(count))
        let scanned = max(1, min(after, indexed)) / min(before, indexed)
        searchSeconds = measurement.searchSeconds * scanned * Self.power(max(after, indexed) / max(before, indexed))
        buildingSeconds = measurement.buildingSeconds * Self.buildingFactor(from: measurement.count, to: count)
        let vector = 4 * measurement.dimension
        // A level-0 list of 32 links and a little more; on disk here a row has its vector, key, metadata and some bytes.
        let row = Double(vector + 4 * 34) + max(Double(measurement.diskSize) / before - Double(vector), 0)
        clusterMemorySize = Int(1.5 * row * after)
        clusterNodeCount = max(1, Int((Double(clusterMemorySize) / (0.7 * Double(nodeMemory))).rounded(.up)))
    }

    /// How many times as long building an index takes, of `to` rows in place of `from`, which are 1 or more.
    public static func buildingFactor(from: Int, to: Int) -> Double {
        let ratio = Double(max(1, to)) / Double(max(1, from))
        return ratio * ratio.squareRoot()
    }

    /// To the power of 3/4.
    private static func power(_ ratio: Double) -> Double { ratio.squareRoot() * ratio.squareRoot().squareRoot() }
}
