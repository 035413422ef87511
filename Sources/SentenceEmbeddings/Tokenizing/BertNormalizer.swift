/// BERT's normalizer: cleans, puts spaces around ideographs, strips accents, lowers the case; in this order.
struct BertNormalizer: Sendable {
    /// Whether control characters are removed and white space becomes spaces.
    var cleansText = true
    /// Whether each ideograph becomes a word of its own.
    var spacesIdeographs = true
    var stripsAccents = true
    var lowercases = true

    func apply(to text: inout [UInt8]) {
        let (table, lowercase) = (UnicodeTable.shared, Lowercase.shared)
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 8 + 16)
        let loweredASCII: UInt8 = lowercases ? 0x20 : 0
        text.withUnsafeBufferPointer { text in
            var order = MarkOrder()
            func finish(_ scalar: UInt32) {
                let properties = table[scalar]
                if stripsAccents, properties.contains(.nonspacingMark) { return }
                if lowercases, properties.contains(.hasLowercase) {
                    lowercase.append(scalar, to: &result)
                } else {
                    result.append(scalar: scalar)
                }
            }
            func take(_ scalar: UInt32) {
                if stripsAccents { order.append(scalar, compatibly: false, table, to: finish) } else { finish(scalar) }
            }
            var position = 0
            while position < text.count {
                let byte = text[position]
                if byte >= 0x20, byte < 0x7F {
                    // Nothing that waits can be moved behind it.
                    order.finish(to: finish)
                    result.append(byte &- UInt8(ascii: "A") < 26 ? byte | loweredASCII : byte)
                    position += 1
                    continue
                }
                let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
                position += length
                let properties = table[scalar]
                if cleansText, properties.contains(.removed) { continue }
                if cleansText, properties.contains(.whiteSpace) {
                    take(0x20)
                } else if spacesIdeographs, properties.contains(.spaced) {
                    take(0x20)
                    take(scalar)
                    take(0x20)
                } else {
                    take(scalar)
                }
            }
            order.finish(to: finish)
        }
        text = result
    }
}
