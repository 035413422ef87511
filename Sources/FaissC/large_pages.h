// Large pages for what searches read at random or from end to end: with pages of 4 KB an eighth of their time goes into
// finding where those are.

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

/// Makes room for `count` elements, and asks the system to use large pages for what is not yet filled. Where there are
/// none, nothing is lost.
template <class Element>
void reserve_on_large_pages(std::vector<Element>& elements, size_t count) {
    if (count > elements.capacity()) {
        // By half at least, so that adding in many pieces copies each element a few times only.
        elements.reserve(std::max(count, elements.capacity() + elements.capacity() / 2));
    }
#if defined(__linux__)
    const uintptr_t page = 2 << 20;
    const auto address = reinterpret_cast<uintptr_t>(elements.data());
    const uintptr_t first = (address + elements.size() * sizeof(Element) + page - 1) / page * page;
    const uintptr_t last = (address + elements.capacity() * sizeof(Element)) / page * page;
    if (first < last) {
        (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
    }
#endif
}
