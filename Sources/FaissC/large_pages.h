// Large pages for what searches read at random or from end to end: with pages of 4 KB an eighth of their time goes into
// finding where those are.

#pragma once

#include "versions.h"

#include <algorithm>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

/// Makes room for `count` elements in one of Faiss's vectors, and asks the system to use large pages for what is not yet
/// filled. Where there are none, nothing is lost.
template <class Vector>
void reserve_on_large_pages(Vector& elements, size_t count) {
    size_t capacity = owned(elements).capacity();
    if (count > capacity) {
        // By half at least, so that adding in many pieces copies each element a few times only.
        reserve(elements, std::max(count, capacity + capacity / 2));
        capacity = owned(elements).capacity();
    }
#if defined(__linux__)
    const uintptr_t page = 2 << 20;
    const auto address = reinterpret_cast<uintptr_t>(elements.data());
    const size_t size = sizeof(*elements.data());
    const uintptr_t first = (address + elements.size() * size + page - 1) / page * page;
    const uintptr_t last = (address + capacity * size) / page * page;
    if (first < last) {
        (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
    }
#endif
}
