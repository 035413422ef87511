/// A Unicode normalization form (Unicode Standard Annex #15).
enum NormalizationForm: String, Sendable {
    case nfd = "NFD"
    case nfkd = "NFKD"
    case nfc = "NFC"
    case nfkc = "NFKC"

    private var isCompatible: Bool { self == .nfkd || self == .nfkc }

    private var changing: UnicodeTable.Properties {
        switch self {
        case .nfd: .decomposes
        case .nfkd: .decomposesCompatibly
        case .nfc: .composes
        case .nfkc: .composesCompatibly
        }
    }

    /// Brings well-formed UTF-8 into this form.
    func apply(to text: inout [UInt8]) {
        let table = UnicodeTable.shared
        let isNormal = text.withUnsafeBufferPointer { text in
            var position = 0
            while position < text.count {
                if text[position] < 0x80 {
                    position += 1
                    continue
                }
                let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
                if !table[scalar].isDisjoint(with: changing) { return false }
                position += length
            }
            return true
        }
        guard !isNormal else { return }
        var scalars: [UInt32] = []
        scalars.reserveCapacity(text.count)
        text.withUnsafeBufferPointer { text in
            var order = MarkOrder()
            var position = 0
            while position < text.count {
                let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
                order.append(scalar, compatibly: isCompatible, table) { scalars.append($0) }
                position += length
            }
            order.finish { scalars.append($0) }
        }
        if self == .nfc || self == .nfkc { Self.compose(&scalars, table) }
        text.removeAll(keepingCapacity: true)
        for scalar in scalars { text.append(scalar: scalar) }
    }

    /// Joins what composes, in place.
    private static func compose(_ scalars: inout [UInt32], _ table: UnicodeTable) {
        let decompositions = Decompositions.shared
        var kept = 0
        /// The place of the scalar that others may join, if there is one.
        var starter: Int?
        /// The combining class of the last scalar that was kept behind the starter; -1 if none was.
        var lastClass = -1
        for scalar in scalars {
            let combiningClass = Int(table[scalar].combiningClass)
            if let place = starter, lastClass < combiningClass,
                let composite = decompositions.composite(scalars[place], scalar)
            {
                scalars[place] = composite
                continue
            }
            if combiningClass == 0 {
                starter = kept
                lastClass = -1
            } else {
                lastClass = combiningClass
            }
            scalars[kept] = scalar
            kept += 1
        }
        scalars.removeLast(scalars.count - kept)
    }
}
