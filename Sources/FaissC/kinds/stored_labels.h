// The labels that inverted lists store, of numbers and of bits.

#pragma once

#include <faiss/c_api/faiss_c.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/invlists/InvertedLists.h>

#include <algorithm>
#include <utility>
#include <vector>

/// Calls body with each label, to be changed.
template <class Body>
void for_each_label(faiss::InvertedLists& lists, const Body& body) {
    for (size_t list = 0; list < lists.nlist; ++list) {
        auto* labels = const_cast<idx_t*>(lists.get_ids(list));
        std::for_each(labels, labels + lists.list_size(list), body);
    }
}

/// Copies all labels, list after list.
inline void copy_stored_labels(const faiss::InvertedLists& lists, idx_t* labels) {
    for (size_t list = 0; list < lists.nlist; ++list) {
        labels = std::copy_n(lists.get_ids(list), lists.list_size(list), labels);
    }
}

/// Changes each label that is a position to the id of that position.
inline void replace_stored_labels(faiss::InvertedLists& lists, const idx_t* ids, size_t count) {
    for_each_label(lists, [&](idx_t& label) {
        FAISS_THROW_IF_NOT_FMT(
                label >= 0 && static_cast<size_t>(label) < count,
                "an inverted list holds the position %lld, its map has %zu",
                static_cast<long long>(label),
                count);
        label = ids[label];
    });
}

/// Calls body(list, place, number) for each of n labels, in one pass over the lists. Throws if one is missing.
template <class Body>
void find_labels(const faiss::InvertedLists& lists, size_t n, const idx_t* labels, const Body& body) {
    std::vector<std::pair<idx_t, size_t>> wanted(n);
    for (size_t i = 0; i < n; ++i) {
        wanted[i] = {labels[i], i};
    }
    std::sort(wanted.begin(), wanted.end());
    size_t missing = n;
    for (size_t list = 0; list < lists.nlist && missing > 0; ++list) {
        const idx_t* stored = lists.get_ids(list);
        for (size_t place = 0; place < lists.list_size(list); ++place) {
            auto found = std::lower_bound(wanted.begin(), wanted.end(), std::make_pair(stored[place], size_t(0)));
            for (; found != wanted.end() && found->first == stored[place]; ++found, --missing) {
                body(list, place, found->second);
            }
        }
    }
    FAISS_THROW_IF_NOT_MSG(missing == 0, "a label is not in the index");
}
