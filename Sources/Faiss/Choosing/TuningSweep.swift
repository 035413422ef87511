/// Settings of ascending effort.
struct TuningSweep {
    let settings: [SearchOptions]

    /// All that is worth a try for an index: one sweep, or for a refined index one for each number of candidates.
    static func all(for index: VectorIndex, k: Int, options: SearchOptions) -> [TuningSweep] {
        let description = index.indexDescription
        var sweep = [options]
        if description.hasLists, options.probes == nil {
            sweep = powers(from: 1, through: description.listCount ?? 1).map { probes in
                var options = options
                options.probes = probes
                return options
            }
        } else if description.hasGraph, options.ef == nil {
            // Fewer candidates than answers are as many.
            sweep = powers(from: max(8, min(k, index.count)), through: min(1024, max(index.count, k))).map { ef in
                var options = options
                options.ef = ef
                return options
            }
        }
        guard case .refined(_, let factor) = description.kind, options.refinement == nil else {
            return [TuningSweep(settings: sweep)]
        }
        return Set([1, 2, 4, 8, 16, 32, factor]).sorted().map { refinement in
            TuningSweep(
                settings: sweep.map { options in
                    var options = options
                    options.refinement = refinement
                    return options
                }
            )
        }
    }

    /// A number, its double, and so on, and the limit.
    private static func powers(from first: Int, through limit: Int) -> [Int] {
        var all: [Int] = []
        var number = first
        while number < limit {
            all.append(number)
            number *= 2
        }
        return all + [limit]
    }
}
