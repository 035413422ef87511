/// The numbers or dates between two bounds. Integers and doubles compare exactly, with each other too: a double holds all
/// integers only up to 2⁵³.
package struct MetadataRange: Sendable, Hashable {
    /// An integer, a double or a date.
    package struct Bound: Sendable, Hashable {
        package var value: MetadataValue
        package var isIncluded = true
    }

    /// All from the lower to the upper; none if the lower is above the upper.
    struct Span<Number: Comparable & Hashable & Sendable>: Sendable, Hashable {
        var lower: Number
        var upper: Number
        func contains(_ number: Number) -> Bool { lower <= number && number <= upper }
    }

    /// The bounds as they were given; nil where there is none.
    package let lower: Bound?
    package let upper: Bound?
    private(set) var integers: Span<Int64>?
    private(set) var doubles: Span<Double>?
    /// Seconds since 2001.
    private(set) var dates: Span<Double>?
    /// Whether no bound is NaN.
    let isValid: Bool

    init(from lower: Bound? = nil, to upper: Bound? = nil) {
        self.lower = lower
        self.upper = upper
        let first = lower ?? Bound(value: .double(-.infinity))
        let last = upper ?? Bound(value: .double(.infinity))
        isValid = !first.number.isNaN && !last.number.isNaN
        if let least = first.innermostInteger(isLower: true), let greatest = last.innermostInteger(isLower: false) {
            integers = Span(lower: least, upper: greatest)
        }
        let span = Span(lower: first.innermostDouble(isLower: true), upper: last.innermostDouble(isLower: false))
        if case .date? = (lower ?? upper)?.value { dates = span } else { doubles = span }
    }

    func contains(integer: Int64) -> Bool { integers?.contains(integer) ?? false }
    func contains(double: Double) -> Bool { doubles?.contains(double) ?? false }
    func contains(dateSeconds: Double) -> Bool { dates?.contains(dateSeconds) ?? false }

    func contains(_ value: MetadataValue) -> Bool {
        switch value {
        case .integer(let integer): contains(integer: integer)
        case .double(let double): contains(double: double)
        case .date(let date): contains(dateSeconds: date.timeIntervalSinceReferenceDate)
        case .string, .bool, .null, .strings: false
        }
    }
}

extension MetadataRange.Bound {
    /// As a double, rounded to the nearest; NaN for what has no order.
    fileprivate var number: Double {
        switch value {
        case .integer(let integer): Double(integer)
        case .double(let double): double
        case .date(let date): date.timeIntervalSinceReferenceDate
        case .string, .bool, .null, .strings: .nan
        }
    }

    /// The first integer inside, coming from the bound; nil if there is none.
    fileprivate func innermostInteger(isLower: Bool) -> Int64? {
        let nearest: Int64
        switch value {
        case .integer(let integer): nearest = integer
        case .double(let double):
            guard let whole = Int64(exactly: double.rounded(isLower ? .up : .down)) else {
                return (double < 0) == isLower ? (isLower ? .min : .max) : nil
            }
            if Double(whole) != double { return whole }
            nearest = whole
        case .date, .string, .bool, .null, .strings: return nil
        }
        if isIncluded { return nearest }
        let (next, isOutOfRange) = nearest.addingReportingOverflow(isLower ? 1 : -1)
        return isOutOfRange ? nil : next
    }

    /// The first double inside, coming from the bound; NaN if there is none.
    fileprivate func innermostDouble(isLower: Bool) -> Double {
        let rounded = number
        var isInside = isIncluded
        if case .integer(let integer) = value, Int64(exactly: rounded) != integer {
            // Rounding moved it. 2⁶³, to which the largest integers are rounded, is no integer itself.
            isInside = (Int64(exactly: rounded).map { $0 > integer } ?? true) == isLower
        }
        if isInside { return rounded }
        let next = isLower ? rounded.nextUp : rounded.nextDown
        return next == rounded ? .nan : next
    }
}
