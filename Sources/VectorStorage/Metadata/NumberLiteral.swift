/// Numbers as JSON and conditions write them.
enum NumberLiteral {
    struct Failure: Error { let message: String }

    /// Whether a byte may stand in a number.
    static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// Whether bytes are a number of JSON's grammar.
    static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        func digits() -> Int {
            let count = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let isPadded = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole >= 1, !isPadded || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() >= 1 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() >= 1 else { return false }
        }
        return rest.isEmpty
    }

    /// What a number means: without a point and an exponent a whole number, to the last digit.
    static func value(of text: String) throws(Failure) -> MetadataValue {
        if !text.contains(where: { $0 == "." || $0 == "e" || $0 == "E" }) {
            guard let integer = Int64(text) else {
                throw Failure(
                    message: "\(text) is out of range: integers have 64 signed bits, \(Int64.min)...\(Int64.max)"
                )
            }
            return .integer(integer)
        }
        guard let double = Double(text), double.isFinite else {
            throw Failure(message: "\(text) is out of range: the largest number is \(Double.greatestFiniteMagnitude)")
        }
        return .double(double)
    }
}
