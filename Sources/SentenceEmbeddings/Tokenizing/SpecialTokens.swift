/// The ids of the tokens that mean something to a model; nil where it has no such token.
public struct SpecialTokens: Sendable, Hashable {
    /// What texts of a batch are filled up with: `[PAD]`, `<pad>`.
    public var padding: Int32?
    /// What starts a text: `[CLS]`, `<s>`.
    public var classification: Int32?
    /// What ends a text: `[SEP]`, `</s>`.
    public var separator: Int32?
    /// What stands for a word that can't be made of pieces: `[UNK]`, `<unk>`.
    public var unknown: Int32?
    /// What stands for a word to be guessed: `[MASK]`, `<mask>`.
    public var mask: Int32?
}
