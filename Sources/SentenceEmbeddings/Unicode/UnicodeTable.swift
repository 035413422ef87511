internal import SentenceEmbeddingsC

/// What the PyPI package `tokenizers` takes each Unicode scalar for: white space, letter, mark and so on.
///
/// Not what Swift's standard library says: the package mixes tables of several Unicode versions, and the ids that a model
/// was trained with come from those.
struct UnicodeTable: Sendable {
    /// Properties of a scalar.
    struct Properties: OptionSet, Sendable {
        let rawValue: UInt32

        static let whiteSpace = Properties(rawValue: 1 << 0)
        /// BERT's cleaning removes it.
        static let removed = Properties(rawValue: 1 << 1)
        /// BERT puts spaces around it: ideographs.
        static let spaced = Properties(rawValue: 1 << 2)
        /// BERT strips it with the accents.
        static let nonspacingMark = Properties(rawValue: 1 << 3)
        /// The normalizer StripAccents strips it.
        static let mark = Properties(rawValue: 1 << 4)
        static let punctuation = Properties(rawValue: 1 << 5)
        /// The pre-tokenizer Digits takes it for one.
        static let numeric = Properties(rawValue: 1 << 6)
        /// `\w` of the pre-tokenizer Whitespace.
        static let word = Properties(rawValue: 1 << 7)
        /// `\p{L}` of the regular expressions.
        static let letter = Properties(rawValue: 1 << 8)
        /// `\p{N}` of the regular expressions.
        static let number = Properties(rawValue: 1 << 9)
        static let hasLowercase = Properties(rawValue: 1 << 10)
        /// NFD changes it, or its order among its neighbours.
        static let decomposes = Properties(rawValue: 1 << 11)
        /// NFKD does.
        static let decomposesCompatibly = Properties(rawValue: 1 << 12)
        /// NFC changes it, or joins it with what is before it.
        static let composes = Properties(rawValue: 1 << 13)
        /// NFKC does.
        static let composesCompatibly = Properties(rawValue: 1 << 14)
        /// Belongs to the grapheme before it.
        static let extendsGrapheme = Properties(rawValue: 1 << 15)
        /// Belongs to the grapheme behind it.
        static let startsGrapheme = Properties(rawValue: 1 << 16)
        /// A grapheme of its own, whatever is around it.
        static let endsGrapheme = Properties(rawValue: 1 << 17)
        /// Belongs to the grapheme of a sign and a zero-width joiner before it.
        static let joinsGrapheme = Properties(rawValue: 1 << 18)
        /// Starts an Indic conjunct, or goes on with one behind a linker.
        static let consonant = Properties(rawValue: 1 << 19)
        /// May stand within an Indic conjunct.
        static let extendsConjunct = Properties(rawValue: 1 << 20)
        /// Joins the consonants of an Indic conjunct.
        static let linksConjunct = Properties(rawValue: 1 << 21)

        /// The canonical combining class, by which marks are ordered; 0 for what isn't moved.
        var combiningClass: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 24) }
    }

    /// The table of this process.
    static let shared = UnicodeTable()

    private static let pageBits: UInt32 = 8
    /// The page of each 256 scalars; pages that are equal and adjacent are one.
    private var pageOf: [UInt16] = []
    private var pages: [UInt32] = []

    private init() {
        let pageSize = 1 << Int(Self.pageBits)
        var page = [UInt32](repeating: 0, count: pageSize)
        var last: [UInt32] = []
        var run = 0
        var count: Int32 = 0
        let runs = UnsafeBufferPointer(start: unicode_runs(&count), count: Int(count))
        for start in stride(from: 0, to: 0x110000, by: pageSize) {
            for offset in 0..<pageSize {
                while run + 1 < Int(count), runs[run + 1].start <= UInt32(start + offset) { run += 1 }
                page[offset] = runs[run].properties
            }
            if page != last {
                pages += page
                last = page
            }
            pageOf.append(UInt16(pages.count / pageSize - 1))
        }
    }

    /// The properties of a scalar.
    @inline(__always)
    subscript(scalar: UInt32) -> Properties {
        let page = UInt32(pageOf[Int(scalar >> Self.pageBits)])
        return Properties(rawValue: pages[Int(page << Self.pageBits | scalar & 0xFF)])
    }
}
