import SentenceEmbeddingsC
import Vectors

/// The memory in which a piece of a batch is worked on: activations of a number of tokens, and what attention needs.
final class WorkingMemory: Sendable {
    /// The most tokens of a piece.
    let tokens: Int
    /// The most threads that work on it.
    let members: Int
    /// What a layer begins with and ends with.
    let states: Rows
    /// What lies between attention and feed-forward network.
    let middle: Rows
    /// What attention gives, and what layers that normalise first read.
    let context: Rows
    let queryKeyValue: Rows
    let inner: Rows
    /// What a layer in 8 bits reads.
    let quantized: QuantizedRows
    private let scratch: Rows
    private let memory: PageMemory

    init(
        for configuration: TransformerConfiguration,
        tokens: Int,
        members: Int
    ) throws(VectorError) {
        self.tokens = tokens
        self.members = members
        let dimension = configuration.dimension
        // Behind queries, keys and values there is room for all columns of the values' last panel.
        let widths =
            [dimension, dimension, dimension, 2 * dimension + Rows.stride(of: dimension), configuration.innerDimension]
            .map(Rows.stride)
        // All tokens may be of one text.
        let attention = encoder_attention_scratch(tokens, configuration.dimension / configuration.heads)
        let scratchStride = Rows.stride(of: attention)
        // At the most two bytes an input, a scale and a zero.
        let quantizedWidth = (max(configuration.dimension, configuration.innerDimension) + 1) / 2 + 2
        let size = (widths.reduce(0, +) + quantizedWidth) * tokens + scratchStride * members
        memory = try PageMemory(byteCount: size * 4, for: "the activations of \(tokens) tokens")
        var next = memory.start.assumingMemoryBound(to: Float.self)
        var rows: [Rows] = []
        for width in widths {
            rows.append(Rows(start: next, stride: width))
            next += width * tokens
        }
        states = rows[0]
        middle = rows[1]
        context = rows[2]
        queryKeyValue = rows[3]
        inner = rows[4]
        scratch = Rows(start: next, stride: scratchStride)
        next += scratchStride * members
        let scales = next
        let whole = UnsafeMutableRawPointer(next + tokens).assumingMemoryBound(to: Int32.self)
        quantized = QuantizedRows(values: whole + tokens, scales: scales, zeros: whole)
    }

    /// The memory of a member's own.
    func scratch(of member: Int) -> UnsafeMutablePointer<Float> { scratch[member] }
}
