public import Vectors

extension MetadataCondition {
    /// Reads a condition: `year >= 1960 and not (lang = pl or tags contains "sea")`.
    ///
    /// ```
    /// condition  = all { or all }
    /// all        = part { and part }
    /// part       = not part | "(" condition ")" | comparison
    /// comparison = field ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") value
    ///            | field [not] in "(" [ value { "," value } ] ")"
    ///            | field [not] contains text
    ///            | exists field
    /// field      = word | quoted
    /// value      = number | date | text | true | false | null | "[" [ text { "," text } ] "]"
    /// text       = word | quoted
    /// ```
    ///
    /// - `and`, `or`, `not`, `in`, `contains`, `exists`, `true`, `false` and `null` may be written in capitals, and mean a
    ///   field or a text between quotes only; `&&`, `||` and `!` stand for the first three. `not` binds strongest, `or` weakest.
    /// - A *word* is letters, digits and `_ - . : / @ + # $ %`; what begins as a number does must be a number or a date.
    ///   Anything else is *quoted*: between `"` or `'`, with JSON's escapes.
    /// - A *number* is as in JSON; without a point and an exponent it is an integer, of 64 signed bits, which are compared
    ///   exactly, with doubles too. A *date* is `2026-11-28` or `2026-11-28T12:30:00.5+02:00`, in UTC where it names no
    ///   zone.
    /// - `<`, `<=`, `>` and `>=` take numbers and dates.
    /// - White space is optional everywhere, and not allowed inside a word, a number, a date or an operator.
    ///
    /// A comparison holds only for rows that have the field, with a value of the same kind. So `lang != en`, which is
    /// `not lang = en`, also holds for rows without a language; `exists lang and lang != en` leaves them out. `lang = null`
    /// holds for rows whose language is there and null.
    ///
    /// - Throws: `VectorError` with code `invalidFormat`, whose message begins with the column at fault.
    public init(parsing text: String) throws(VectorError) {
        var parser = ConditionParser(text)
        self = try parser.condition()
        try parser.expectEnd()
    }
}
