import Foundation

/// Dates as ISO 8601 writes them.
enum DateLiteral {
    /// The date so many seconds after the beginning of 1970, a number as text. Dates count from 2001: between the two a
    /// double would be rounded, and a date that is written and read would change.
    static func date(secondsSince1970 text: String) -> Date? {
        guard let decimal = Decimal(string: text, locale: nil), decimal.isFinite,
            let seconds = Double("\(decimal - between)")
        else { return Double(text).flatMap { $0.isFinite ? Date(timeIntervalSince1970: $0) : nil } }
        return Date(timeIntervalSinceReferenceDate: seconds)
    }

    /// The seconds since the beginning of 1970, as text; see ``date(secondsSince1970:)``.
    static func secondsSince1970(of date: Date) -> String {
        let seconds = date.timeIntervalSinceReferenceDate
        guard abs(seconds) < 1e20, seconds == 0 || abs(seconds) > 1e-9,
            let decimal = Decimal(string: "\(seconds)", locale: nil)
        else { return "\(date.timeIntervalSince1970)" }
        return "\(decimal + between)"
    }

    private static let between = Decimal(Date.timeIntervalBetween1970AndReferenceDate)

    /// `2026-11-28`, `2026-11-28T12:30`, `2026-11-28T12:30:00.25`, and the last two with `Z` or an offset such as
    /// `+02:00`; without one the time is UTC. Nil for anything else, such as a 30th of February.
    static func value(of text: String) -> Date? {
        let pattern =
            /([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?/
        guard let match = text.wholeMatch(of: pattern), let year = Int(match.1), let month = Int(match.2),
            let day = Int(match.3), (1...12).contains(month), day >= 1, day <= length(month, year)
        else { return nil }
        let hour = match.4.flatMap { Int($0) } ?? 0
        let minute = match.5.flatMap { Int($0) } ?? 0
        let second = match.6.flatMap { Int($0) } ?? 0
        guard hour < 24, minute < 60, second < 60 else { return nil }
        var offset = 0
        if let zone = match.8, zone.count == 6, let hours = Int(zone.dropFirst().prefix(2)),
            let minutes = Int(zone.suffix(2))
        {
            guard hours < 24, minutes < 60 else { return nil }
            offset = (60 * hours + minutes) * 60 * (zone.hasPrefix("-") ? -1 : 1)
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        // From the same origin as a date's own: a fraction keeps more digits there.
        let reference = Double(seconds) - Date.timeIntervalBetween1970AndReferenceDate
        let fraction = match.7.flatMap { Double("0" + $0) } ?? 0
        return Date(timeIntervalSinceReferenceDate: reference + fraction)
    }

    private static func length(_ month: Int, _ year: Int) -> Int {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Days from 1970-01-01 in the Gregorian calendar, which ISO 8601 extends to all years.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // Years that begin in March have the leap day at their end; 719,468 is the 1st of March of the year 0.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
