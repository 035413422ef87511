public import Foundation

/// Lines through points, drawn as SVG without any library; reads well on light and on dark pages.
///
/// ```swift
/// var plot = LinePlot(title: "Recall", x: "probes", y: "recall@10")
/// plot.x.isLogarithmic = true
/// plot.add("IVFFlat", [(1, 0.5), (2, 0.7), (4, 0.9)])
/// try plot.write(to: exampleOutput("recall").appending(path: "recall.svg"))
/// ```
public struct LinePlot: Sendable {
    /// One of the two directions.
    public struct Axis: Sendable {
        /// What it shows, with its unit.
        public var label: String
        /// Whether equal lengths stand for equal ratios; all values must then be above 0.
        public var isLogarithmic = false
        /// The values it must show besides the points', such as `0...1`.
        public var range: ClosedRange<Double>?
        /// The values that are written beside it; nil chooses round ones.
        public var ticks: [Double]?

        /// Makes an axis.
        public init(_ label: String) { self.label = label }
    }

    private struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
        var isDashed: Bool
    }

    /// What is above the plot.
    public var title: String
    /// The horizontal axis.
    public var x: Axis
    /// The vertical axis.
    public var y: Axis
    private var series: [Series] = []

    /// Makes an empty plot with the labels of its axes.
    public init(title: String, x: String, y: String) {
        self.title = title
        self.x = Axis(x)
        self.y = Axis(y)
    }

    /// Adds a line. Points that are not finite, or not above 0 where the axis is logarithmic, are left out.
    public mutating func add(_ name: String, _ points: [(x: Double, y: Double)], isDashed: Bool = false) {
        series.append(Series(name: name, points: points.sorted { $0.x < $1.x }, isDashed: isDashed))
    }

    /// Writes the plot to a file.
    public func write(to url: URL) throws { try Self.write([self], to: url) }

    /// Writes plots one below the other to a file.
    public static func write(_ plots: [LinePlot], to url: URL) throws {
        let height = plots.count * Int(plotHeight)
        var parts = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(height)" width="\(Int(width))" \
            height="\(height)" font-family="system-ui, sans-serif" font-size="12">
            <style>text { fill: #24292f } @media (prefers-color-scheme: dark) { text { fill: #d0d7de } }</style>
            """
        ]
        for (number, plot) in plots.enumerated() {
            parts.append("<g transform=\"translate(0 \(number * Int(plotHeight)))\">")
            parts += plot.parts()
            parts.append("</g>")
        }
        parts.append("</svg>\n")
        try parts.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
    }

    // MARK: Drawing

    private static let (width, plotHeight) = (760.0, 400.0)
    private static let (left, right, bottom) = (64.0, 16.0, 44.0)
    private static let colors = [
        "#e8590c", "#4263eb", "#2f9e44", "#ae3ec9", "#1098ad", "#f08c00", "#868e96", "#e64980",
    ]
    private static let namesInLine = 3

    private func parts() -> [String] {
        let top = 64 + 18 * Double(max(0, series.count - 1) / Self.namesInLine + 1)
        let shown = series.map { series in
            series.points.filter { x.shows($0.x) && y.shows($0.y) }
        }
        let across = Scale(x, shown.joined().map(\.x), Self.left...Self.width - Self.right, isTight: true)
        let up = Scale(y, shown.joined().map(\.y), top...Self.plotHeight - Self.bottom, isTight: false)
        let (lowest, rightmost) = (Self.plotHeight - Self.bottom, Self.width - Self.right)

        var parts = ["<text x=\"8\" y=\"20\" font-size=\"15\" font-weight=\"600\">\(escaped(title))</text>"]
        for (number, series) in series.enumerated() {
            let column = Double(number % Self.namesInLine) * (Self.width - 16) / Double(Self.namesInLine)
            let line = 32 + 18 * Double(number / Self.namesInLine)
            parts.append(
                "<rect x=\"\(one(8 + column))\" y=\"\(one(line))\" width=\"11\" height=\"11\" rx=\"2\" "
                    + "fill=\"\(color(number))\"/>"
                    + "<text x=\"\(one(24 + column))\" y=\"\(one(line + 10))\">\(escaped(series.name))</text>"
            )
        }
        for tick in up.ticks {
            let place = Self.plotHeight - Self.bottom - (up.place(tick) - top)
            parts.append(
                "<line x1=\"\(Self.left)\" x2=\"\(rightmost)\" y1=\"\(one(place))\" y2=\"\(one(place))\" "
                    + "stroke=\"#868e96\" stroke-opacity=\"0.3\"/>"
                    + "<text x=\"\(Self.left - 8)\" y=\"\(one(place + 4))\" text-anchor=\"end\">\(short(tick))</text>"
            )
        }
        for tick in across.ticks {
            let place = one(across.place(tick))
            parts.append(
                "<line x1=\"\(place)\" x2=\"\(place)\" y1=\"\(lowest)\" y2=\"\(lowest + 5)\" stroke=\"#868e96\"/>"
                    + "<text x=\"\(place)\" y=\"\(lowest + 18)\" text-anchor=\"middle\">\(short(tick))</text>"
            )
        }
        parts.append(
            "<text x=\"\(rightmost)\" y=\"\(Self.plotHeight - 8)\" text-anchor=\"end\">\(escaped(x.label))</text>"
                + "<text x=\"8\" y=\"\(one(top - 10))\">\(escaped(y.label))</text>"
        )
        for (number, points) in shown.enumerated() {
            let places = points.map { point in
                (one(across.place(point.x)), one(lowest - (up.place(point.y) - top)))
            }
            let dashes = series[number].isDashed ? " stroke-dasharray=\"5 4\"" : ""
            parts.append(
                "<polyline points=\"\(places.map { "\($0.0),\($0.1)" }.joined(separator: " "))\" fill=\"none\" "
                    + "stroke=\"\(color(number))\" stroke-width=\"2\"\(dashes)/>"
            )
            for (place, point) in zip(places, points) {
                // The title is what a browser shows under the pointer.
                parts.append(
                    "<circle cx=\"\(place.0)\" cy=\"\(place.1)\" r=\"3\" fill=\"\(color(number))\">"
                        + "<title>\(escaped(series[number].name)): \(short(point.x)), \(short(point.y))</title></circle>"
                )
            }
        }
        return parts
    }

    private func color(_ number: Int) -> String { Self.colors[number % Self.colors.count] }
}

extension LinePlot.Axis {
    fileprivate func shows(_ value: Double) -> Bool { value.isFinite && (!isLogarithmic || value > 0) }
}

/// Where the values of an axis are on the page, and which of them are written beside it.
private struct Scale {
    let ticks: [Double]
    private let isLogarithmic: Bool
    private let values: ClosedRange<Double>
    private let places: ClosedRange<Double>

    /// - Parameter isTight: whether the axis ends with its values, not with the next round ones.
    init(_ axis: LinePlot.Axis, _ values: [Double], _ places: ClosedRange<Double>, isTight: Bool) {
        let all = (values + [axis.range?.lowerBound, axis.range?.upperBound].compactMap { $0 }).filter(axis.shows)
        var low = all.min() ?? (axis.isLogarithmic ? 1 : 0)
        var high = all.max() ?? low
        if low == high { high = axis.isLogarithmic ? low * 10 : low + 1 }
        let round = axis.isLogarithmic ? Self.logarithmicTicks(low, high) : Self.linearTicks(low, high)
        if !isTight, axis.ticks == nil { (low, high) = (min(low, round[0]), max(high, round[round.count - 1])) }
        self.values = low...high
        self.places = places
        isLogarithmic = axis.isLogarithmic
        ticks = (axis.ticks ?? round).filter { axis.shows($0) && $0 >= low && $0 <= high }
    }

    func place(_ value: Double) -> Double {
        let (low, high) = (measure(values.lowerBound), measure(values.upperBound))
        return places.lowerBound
            + (places.upperBound - places.lowerBound) * (measure(value) - low) / (high - low)
    }

    private func measure(_ value: Double) -> Double { isLogarithmic ? log10(value) : value }

    /// Multiples of 1, 2 or 5 times a power of ten, some five of them, around all values.
    private static func linearTicks(_ low: Double, _ high: Double) -> [Double] {
        let rough = (high - low) / 5
        let power = pow(10, floor(log10(rough)))
        let step = power * ([1, 2, 5].first { power * $0 >= rough } ?? 10)
        let (first, last) = (floor(low / step + 1e-9), ceil(high / step - 1e-9))
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }

    /// Powers of ten around all values; where they are few, 2 and 5 times those as well.
    private static func logarithmicTicks(_ low: Double, _ high: Double) -> [Double] {
        let (first, last) = (Int(floor(log10(low) + 1e-9)), Int(ceil(log10(high) - 1e-9)))
        let powers = (first...max(last, first + 1)).map { pow(10, Double($0)) }
        guard powers.count <= 3 else { return powers }
        let all = powers.flatMap { [$0, 2 * $0, 5 * $0] }
        let below = all.lastIndex { $0 <= low * 1.000_001 } ?? 0
        let above = all.firstIndex { $0 >= high * 0.999_999 } ?? all.count - 1
        return Array(all[below...max(above, below + 1)])
    }
}

private func one(_ value: Double) -> String { String(format: "%.1f", value) }

/// A number in few characters: "0.25", "12", "3 k", "40 M".
private func short(_ value: Double) -> String {
    for (limit, unit) in [(1e9, " G"), (1e6, " M"), (1e4, " k")] where abs(value) >= limit {
        return String(format: "%.4g", value / (limit == 1e4 ? 1e3 : limit)) + unit
    }
    return String(format: "%.4g", abs(value) < 1e-12 ? 0 : value)
}

private func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;")
}
