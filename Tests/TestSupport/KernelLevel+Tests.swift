public import VectorsC

extension KernelLevel {
    /// The levels that this processor has.
    public static let available = [KERNEL_BASELINE, KERNEL_AVX2, KERNEL_AVX512]
        .filter { $0.rawValue <= kernel_level_widest().rawValue }
}

extension KernelLevel: @retroactive CustomStringConvertible {
    /// The name, for a test's arguments.
    public var description: String { String(cString: kernel_level_name(self)) }
}
