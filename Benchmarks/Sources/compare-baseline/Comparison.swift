/// Runs of two or more contenders in turn, so that whatever else the machine does falls on all of them alike.
struct Comparison {
    private(set) var seconds: [[Double]]

    /// Runs all contenders `rounds` times, one after the other in each round, after one round that is not counted.
    init(rounds: Int, _ contenders: [() throws -> Void]) throws {
        seconds = contenders.map { _ in [] }
        for round in 0...rounds {
            for (number, contender) in contenders.enumerated() {
                let clock = ContinuousClock()
                let duration = try clock.measure(contender)
                if round > 0 { seconds[number].append(duration / .seconds(1)) }
            }
        }
    }

    /// The median time of a contender in seconds.
    func median(_ contender: Int) -> Double {
        let sorted = seconds[contender].sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// A table in Markdown, printed row by row.
struct Table {
    private let columns: Int

    init(_ titles: String...) {
        columns = titles.count
        print("| " + titles.joined(separator: " | ") + " |")
        print("|" + String(repeating: "---|", count: columns))
    }

    func row(_ cells: String...) {
        precondition(cells.count == columns)
        print("| " + cells.joined(separator: " | ") + " |")
    }
}

/// A number with about three digits that say something.
func short(_ number: Double) -> String {
    let places = number >= 100 ? 1.0 : number >= 10 ? 10.0 : number >= 1 ? 100.0 : 1000.0
    let rounded = (number * places).rounded() / places
    return rounded == rounded.rounded() && number >= 100 ? String(Int(rounded)) : String(rounded)
}
