extension IndexDescription {
    /// How a scalar quantizer stores a component.
    public enum ScalarType: String, Sendable, Hashable, Codable, CaseIterable {
        /// One byte, over the range that the training vectors span in the component. Faiss: `QT_8bit`.
        case int8
        /// Six bits, over the same range. Faiss: `QT_6bit`.
        case int6
        /// Four bits, over the same range. Faiss: `QT_4bit`.
        case int4
        /// A half-precision number: 11 significant bits, of magnitude 65,504 at most. Needs no training. Faiss:
        /// `QT_fp16`.
        case float16
    }
}
