import FaissC
import Vectors

/// What an index holds, as codes, and what its training has decided.
///
/// `@unchecked Sendable`: the object behind the pointer never changes, and has no other owner.
final class NativeContents: @unchecked Sendable {
    let pointer: OpaquePointer

    init(of index: OpaquePointer) throws(VectorError) {
        pointer = try make { faiss_Index_contents(index, $0) }
    }

    deinit { faiss_Contents_free(pointer) }
}
