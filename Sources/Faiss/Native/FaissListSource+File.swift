import FaissC
import Vectors

extension FaissListSource {
    /// How C++ reads a file, which it holds until it releases it.
    init(retaining file: ListFile) {
        self.init(
            context: Unmanaged.passRetained(file).toOpaque(),
            read: { context, offset, size, checksum, bytes, message, room in
                let file = Unmanaged<ListFile>.fromOpaque(context!).takeUnretainedValue()
                do throws(VectorError) {
                    let bytes = UnsafeMutableRawBufferPointer(start: bytes, count: size)
                    try file.read(into: bytes, at: Int(offset), checksum: checksum)
                    return 0
                } catch {
                    copy(error.message, to: UnsafeMutableBufferPointer(start: message, count: room))
                    return Int32(error.code == .invalidFormat ? FAISS_FILE_DAMAGED : FAISS_FILE_FAILED)
                }
            },
            expect: { context, offset, size in
                let file = Unmanaged<ListFile>.fromOpaque(context!).takeUnretainedValue()
                file.expect(Int(offset)..<Int(offset) + size)
            },
            release: { Unmanaged<ListFile>.fromOpaque($0!).release() }
        )
    }
}

/// Copies a text, cut where it is too long, with a zero at its end.
private func copy(_ text: String, to buffer: UnsafeMutableBufferPointer<CChar>) {
    let (_, end) = buffer.update(from: text.utf8.prefix(buffer.count - 1).lazy.map { CChar(bitPattern: $0) })
    buffer[end] = 0
}
