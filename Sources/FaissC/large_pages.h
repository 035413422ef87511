// Large pages for what searches read at random or from end to end. With pages of 4 KB an eighth of a scan's time, and up
// to a quarter of a query's that jumps from list to list, goes into finding where those are.

#pragma once

#include "versions.h"

#include <faiss/invlists/InvertedLists.h>

#include <algorithm>
#include <cstdint>
#include <unordered_map>

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

/// Has the system put what lists hold on large pages, wherever they fill most of one. Where it can't, nothing is lost.
///
/// To be called after much was added: it takes some milliseconds for each hundred megabytes of lists.
inline void move_to_large_pages(const faiss::InvertedLists& lists, size_t code_size) {
#if defined(__linux__)
    const int collapse = 25; // MADV_COLLAPSE of Linux 6.1, which glibc 2.36 does not name. Older kernels refuse it.
    const uintptr_t page = 2 << 20;
    std::unordered_map<uintptr_t, size_t> filled;
    for (size_t list = 0; list < lists.nlist; ++list) {
        const auto first = reinterpret_cast<uintptr_t>(lists.get_codes(list));
        const uintptr_t last = first + lists.list_size(list) * code_size;
        for (uintptr_t place = first; place < last;) {
            const uintptr_t end = std::min(last, (place / page + 1) * page);
            filled[place / page] += end - place;
            place = end;
        }
    }
    for (const auto& [number, bytes] : filled) {
        if (bytes > page / 4 * 3) {
            (void)madvise(reinterpret_cast<void*>(number * page), page, collapse);
        }
    }
#else
    (void)lists;
    (void)code_size;
#endif
}
