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

constexpr uintptr_t large_page = 2 << 20;

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
    const auto address = reinterpret_cast<uintptr_t>(elements.data());
    const size_t size = sizeof(*elements.data());
    const uintptr_t first = (address + elements.size() * size + large_page - 1) / large_page * large_page;
    const uintptr_t last = (address + capacity * size) / large_page * large_page;
    if (first < last) {
        (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
    }
#endif
}

/// Has the system put a large page where one may be, and what is there on it. Where it can't, nothing is lost.
inline void collapse_page(uintptr_t page) {
#if defined(__linux__)
    const int collapse = 25; // MADV_COLLAPSE of Linux 6.1, which glibc 2.36 does not name. Older kernels refuse it.
    (void)madvise(reinterpret_cast<void*>(page), large_page, collapse);
#else
    (void)page;
#endif
}

/// Has the system put elements that are there already on large pages.
///
/// To be called after much came in by other ways than reserve_on_large_pages: it copies all of them.
template <class Vector>
void move_to_large_pages(const Vector& elements) {
    const auto first = reinterpret_cast<uintptr_t>(elements.data());
    const uintptr_t last = first + elements.size() * sizeof(*elements.data());
    for (uintptr_t page = (first + large_page - 1) / large_page * large_page; page + large_page <= last;
         page += large_page) {
        collapse_page(page);
    }
}

/// Has the system put what lists hold on large pages, wherever they fill most of one.
///
/// To be called after much was added: it takes some milliseconds for each hundred megabytes of lists.
inline void move_to_large_pages(const faiss::InvertedLists& lists, size_t code_size) {
    std::unordered_map<uintptr_t, size_t> filled;
    for (size_t list = 0; list < lists.nlist; ++list) {
        const auto first = reinterpret_cast<uintptr_t>(lists.get_codes(list));
        const uintptr_t last = first + lists.list_size(list) * code_size;
        for (uintptr_t place = first; place < last;) {
            const uintptr_t end = std::min(last, (place / large_page + 1) * large_page);
            filled[place / large_page] += end - place;
            place = end;
        }
    }
    for (const auto& [number, bytes] : filled) {
        if (bytes > large_page / 4 * 3) {
            collapse_page(number * large_page);
        }
    }
}
