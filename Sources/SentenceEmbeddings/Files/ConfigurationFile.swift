import Foundation
import Vectors

/// A JSON file of settings, whose values are checked as they are asked for. `null` is as good as no value.
struct ConfigurationFile: Sendable {
    let path: String
    private let json: JSON

    init(contentsOf url: URL) throws(VectorError) {
        path = try url.filePath
        json = try JSON(contentsOf: url)
        guard json.object != nil else { throw json.error("this is no object") }
    }

    func value(_ key: String) -> JSON? { json[key].flatMap { $0.isNull ? nil : $0 } }

    /// A whole number in a range; without a default it must be there.
    func int(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws(VectorError) -> Int {
        guard let value = value(key) else {
            if let fallback { return fallback }
            throw missing(key)
        }
        guard let number = value.int, range.contains(number) else {
            throw value.error("\(key) is no whole number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    /// A number in a range; without a default it must be there.
    func double(_ key: String, in range: ClosedRange<Double>, default fallback: Double) throws(VectorError) -> Double {
        guard let value = value(key) else { return fallback }
        guard let number = value.double, range.contains(number) else {
            throw value.error("\(key) is no number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }

    func bool(_ key: String, default fallback: Bool) throws(VectorError) -> Bool {
        guard let value = value(key) else { return fallback }
        guard let bool = value.bool else { throw value.error("\(key) is neither true nor false") }
        return bool
    }

    func string(_ key: String) throws(VectorError) -> String? {
        guard let value = value(key) else { return nil }
        guard let string = value.string else { throw value.error("\(key) is no string") }
        return string
    }

    func missing(_ key: String) -> VectorError { VectorError(.invalidFormat, "'\(path)' has no \(key)") }

    /// An error about a setting that this package can't follow.
    func unsupported(_ key: String, _ value: String, _ supported: String) -> VectorError {
        VectorError(.unsupportedModel, "'\(path)': \(key) '\(value)' is not supported; \(supported) is")
    }
}
