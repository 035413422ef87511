import Foundation
import TestSupport
package import VectorStorage

/// Metadata and conditions of every kind, with names and values that are hard to write down, each a function of the seed
/// and its number alone. Few enough different ones for conditions to meet rows.
package struct ConditionLoad: Sendable {
    package let seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    /// Names in which an expression language could get lost; the last two are one name to Swift.
    package static let fields = [
        "lang", "year", "a.b/c d", "\"quoted\"", "back\\slash", "new\nline\tand\u{1}", "ключ", "it's", "true", "key",
        "tokens",
        "x[\"y\"]", "é", "e\u{301}",
    ]

    private static let strings = [
        "", "en", "de", "5", "true", "null", "a\"b", "a\\b", "a\\\"b", "line\nbreak", "tab\t", "\r", "\u{0}",
        "\u{1}\u{7f}",
        "'", "%_", "😀", "é", "e\u{301}", "Å", "\u{212B}", "\u{FFFD}", "日本", String(repeating: "long ", count: 60),
    ]

    private static let integers: [Int64] = [
        .min, .min + 1, -(1 << 53) - 1, -(1 << 53), -1, 0, 1, 2, 5, 1960, 1 << 53 - 1, 1 << 53, 1 << 53 + 1, .max - 1,
        .max,
    ]

    private static let doubles: [Double] = [
        -.greatestFiniteMagnitude, -0x1p63, -1e300, -0x1p53, -1.5, -.leastNonzeroMagnitude, -0.0, 0,
        .leastNonzeroMagnitude,
        0.1, 0.5, 1, 2, 5, 5.5, 1960, 0x1p53, 0x1p53 + 2, 0x1p63, 1e300, .greatestFiniteMagnitude,
    ]

    private static let dates = [-1.25e9, -0.5, 0, 0.001, 1, 7.9e8, 8.5e8].map {
        Date(timeIntervalSinceReferenceDate: $0)
    }

    package func metadata(_ number: Int) -> VectorMetadata {
        var random = generator(number, 1)
        var metadata: VectorMetadata = [:]
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            metadata.updateValue(value(&random), forKey: Self.fields.randomElement(using: &random)!)
        }
        return metadata
    }

    package func condition(_ number: Int) -> MetadataCondition {
        var random = generator(number, 2)
        return condition(&random, depth: Int.random(in: 0...4, using: &random))
    }

    private func condition(_ random: inout SplitMix64, depth: Int) -> MetadataCondition {
        if depth > 0 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: return !condition(&random, depth: depth - 1)
            case 1, 2: return condition(&random, depth: depth - 1) && condition(&random, depth: depth - 1)
            default: return condition(&random, depth: depth - 1) || condition(&random, depth: depth - 1)
            }
        }
        let field = Self.fields.randomElement(using: &random)!
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .exists(field)
        case 1: return .contains(field, Self.strings.randomElement(using: &random)!)
        case 2:
            return .in(field, (0..<Int.random(in: 0...5, using: &random)).map { _ in value(&random) })
        case 3:
            let bound = Self.integers.randomElement(using: &random)!
            return range(field, bound, Self.integers.randomElement(using: &random)!, &random)
        case 4:
            let bounds = Self.doubles + [-.infinity, .infinity]
            return range(field, bounds.randomElement(using: &random)!, bounds.randomElement(using: &random)!, &random)
        case 5:
            let bound = Self.dates.randomElement(using: &random)!
            return range(field, bound, Self.dates.randomElement(using: &random)!, &random)
        default: return .equals(field, value(&random))
        }
    }

    private func range<Bound: MetadataBound>(
        _ field: String,
        _ bound: Bound,
        _ other: Bound,
        _ random: inout SplitMix64
    ) -> MetadataCondition {
        let (lower, upper) = (min(bound, other), max(bound, other))
        return switch Int.random(in: 0..<6, using: &random) {
        case 0: .greaterThan(field, bound)
        case 1: .atLeast(field, bound)
        case 2: .lessThan(field, bound)
        case 3: .atMost(field, bound)
        case 4: .range(field, lower...upper)
        default: .range(field, lower..<upper)
        }
    }

    private func value(_ random: inout SplitMix64) -> MetadataValue {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: .string(Self.strings.randomElement(using: &random)!)
        case 1: .integer(Self.integers.randomElement(using: &random)!)
        case 2: .double(Self.doubles.randomElement(using: &random)!)
        case 3: .bool(Bool.random(using: &random))
        case 4: .date(Self.dates.randomElement(using: &random)!)
        case 5: .null
        default:
            .strings(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in Self.strings.randomElement(using: &random)! }
            )
        }
    }

    private func generator(_ number: Int, _ purpose: UInt64) -> SplitMix64 {
        var random = SplitMix64(
            seed: seed &+ UInt64(bitPattern: Int64(number)) &* 0x9E37_79B9_7F4A_7C15 &+ purpose << 60
        )
        return SplitMix64(seed: random.next())
    }
}
