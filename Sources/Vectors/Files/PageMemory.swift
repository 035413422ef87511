import Foundation

/// Bytes of zeros straight from the system, each page when it is first touched, so that having them takes no time however
/// many they are; on large pages where they fill any.
///
/// Not Swift's own allocation, which would end the process if the memory is refused.
///
/// `@unchecked Sendable`: who writes which bytes, and when others may read them, is up to the owner.
package final class PageMemory: @unchecked Sendable {
    /// The size of a large page: from here on they are asked for.
    package static let largePage = 2 << 20

    /// Aligned to a large page if the bytes fill one, else to a page.
    package let start: UnsafeMutableRawPointer
    private let mapping: UnsafeMutableRawPointer
    private let mappedSize: Int

    /// - Parameter purpose: what the bytes are for, in the error's message.
    package init(byteCount: Int, for purpose: @autoclosure () -> String) throws(VectorError) {
        try checkMemory(bytes: byteCount, for: purpose())
        let isLarge = byteCount >= Self.largePage
        mappedSize = max(byteCount, 64) + (isLarge ? Self.largePage : 0)
        let mapping = mmap(nil, mappedSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw VectorError(.tooLarge, "\(byteCount) bytes for \(purpose()) can't be had")
        }
        self.mapping = mapping
        start = isLarge ? mapping.alignedUp(toMultipleOf: Self.largePage) : mapping
        #if os(Linux)
        // With pages of 4 KiB most visits at random would wait for the page's address, too, and a scan for many of
        // them. Only advice: the system may have none to give.
        if isLarge { madvise(start, byteCount, MADV_HUGEPAGE) }
        #endif
    }

    deinit { munmap(mapping, mappedSize) }
}
