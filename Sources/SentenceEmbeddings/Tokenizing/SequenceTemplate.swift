/// How special tokens are put around one text or two.
struct SequenceTemplate: Sendable {
    enum Part: Sendable {
        /// A text by its number, 0 or 1.
        case text(Int, type: Int32)
        case special(Int32, type: Int32)
    }

    var single: [Part] = [.text(0, type: 0)]
    var pair: [Part] = [.text(0, type: 0), .text(1, type: 1)]

    /// The special tokens that are added to one text, or to two.
    func specialCount(isPair: Bool) -> Int {
        (isPair ? pair : single).reduce(0) { count, part in if case .special = part { count + 1 } else { count } }
    }
}

extension SequenceTemplate {
    /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
    static func bert(start: Int32, end: Int32) -> SequenceTemplate {
        let single: [Part] = [.special(start, type: 0), .text(0, type: 0), .special(end, type: 0)]
        return SequenceTemplate(single: single, pair: single + [.text(1, type: 1), .special(end, type: 1)])
    }

    /// `<s> A </s>` and `<s> A </s> </s> B </s>`, all of one type.
    static func roberta(start: Int32, end: Int32) -> SequenceTemplate {
        let single: [Part] = [.special(start, type: 0), .text(0, type: 0), .special(end, type: 0)]
        let second: [Part] = [.special(end, type: 0), .text(1, type: 0), .special(end, type: 0)]
        return SequenceTemplate(single: single, pair: single + second)
    }
}
