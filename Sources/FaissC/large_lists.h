// Large pages for inverted lists. A search jumps from list to list, and with pages of 4 KB it waits at each jump for the
// tables that say where those are: a tenth to a quarter of a single query's time.

#pragma once

#include <faiss/invlists/InvertedLists.h>

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#if defined(__linux__)
#include <sys/mman.h>
#endif

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
