public import Vectors

extension IndexDescription {
    /// The bytes that ``VectorIndex/memorySize`` of an index of this kind will be, without building it.
    ///
    /// Exact but for what chance decides: the upper levels of HNSW's graph, and how evenly vectors fill the lists of a
    /// fast scan. Ids outside of inverted lists take up to 8 bytes more each, as they do there.
    ///
    /// - Parameters:
    ///   - count: how many vectors it will hold; a number of lists left to chance is chosen as if it were trained on all.
    ///   - dimension: their length.
    ///   - metric: how nearness is measured: by squared L2, an index over residuals keeps 4 bytes a vector more.
    /// - Throws: `invalidArgument` as ``validate(dimension:)``, or for a negative count,
    ///   `tooLarge`.
    public func estimatedMemory(count: Int, dimension: Int, metric: Metric = .squaredL2) throws(VectorError) -> Int {
        try checkRange(count, 0...Int(Int32.max), "count")
        let resolved = resolved(count: count, trainingCount: count)
        try resolved.validate(dimension: dimension)
        return Int(resolved.bytes(Double(count), Double(dimension), metric).rounded())
    }

    private func bytes(_ count: Double, _ dimension: Double, _ metric: Metric) -> Double {
        switch kind {
        case .flat, .scalarQuantized, .pq: return count * codeBytes(dimension) + tableBytes(dimension)
        case .pqFastScan: return (count / 32).rounded(.up) * 32 * codeBytes(dimension) + tableBytes(dimension)
        case .rabitq:
            return (count / 16).rounded(.up) * 16 * codeBytes(dimension) + tableBytes(dimension) + 4 * dimension
        case .hnsw(let neighbors, _):
            // 2 M links on the base level, M on each level above, of which a vector has 1 / (M − 1); a level and a place.
            let links = 2 * Double(neighbors) + Double(neighbors) / Double(neighbors - 1)
            return count * (4 * dimension + 4 * links + 12)
        case .ivf(let lists, let storing):
            let lists = Double(lists.number ?? 1)
            var total = 4 * dimension * lists + storing.tableBytes(dimension)
            total += count * (storing.codeBytes(dimension) + 8)
            if case .pq(let subquantizers, let bitsPerCode) = storing.kind {
                // The codebooks a second time, turned, and the squared lengths of their entries.
                total += storing.tableBytes(dimension) + 4 * Double(subquantizers << bitsPerCode)
                if metric == .squaredL2 { total += 4 * count }
            }
            // Blocks of 32 vectors, of which a list's last one is half full.
            if case .pqFastScan = storing.kind { total += min(15.5 * lists, 31 * count) * storing.codeBytes(dimension) }
            // Blocks of 16 vectors.
            if case .rabitq = storing.kind { total += min(7.5 * lists, 15 * count) * storing.codeBytes(dimension) }
            return total
        case .normalized(let inner): return inner.bytes(count, dimension, metric)
        case .pca(let output, _, let inner):
            // The matrix with its offset, the directions with their variances, the mean.
            let numbers = 2 * Double(output) * (dimension + 1) + dimension
            return 4 * numbers + inner.bytes(count, Double(output), metric)
        case .opq(_, let output, let inner), .randomRotation(let output, let inner):
            let output = output.map(Double.init) ?? dimension
            return 4 * output * dimension + inner.bytes(count, output, metric)
        case .refined(let base, _): return base.bytes(count, dimension, metric) + 4 * dimension * count
        }
    }

    /// The bytes of one vector's code.
    private func codeBytes(_ dimension: Double) -> Double {
        switch kind {
        case .flat: 4 * dimension
        case .scalarQuantized(.int8): dimension
        case .scalarQuantized(.int6): (dimension * 6 / 8).rounded(.up)
        case .scalarQuantized(.int4): (dimension / 2).rounded(.up)
        case .scalarQuantized(.float16): 2 * dimension
        case .pq(let subquantizers, let bitsPerCode): (Double(subquantizers * bitsPerCode) / 8).rounded(.up)
        case .pqFastScan(let subquantizers): (Double(subquantizers) / 2).rounded(.up)
        // Four bytes for 32 bits, of three bits two and one apart, and two numbers.
        case .rabitq(3): 4 * ((dimension / 16).rounded(.up) + (dimension / 32).rounded(.up)) + 8
        case .rabitq(let bits): 4 * (dimension * Double(bits) / 32).rounded(.up) + 8
        default: 0
        }
    }

    /// The bytes of what codes are read with.
    private func tableBytes(_ dimension: Double) -> Double {
        switch kind {
        case .scalarQuantized(.float16): 0
        case .scalarQuantized: 2 * 4 * dimension
        case .pq(_, let bitsPerCode): 4 * dimension * Double(1 << bitsPerCode)
        case .pqFastScan: 4 * dimension * 16
        // The rotation's signs.
        case .rabitq: 4 * 4 * dimension
        default: 0
        }
    }
}
