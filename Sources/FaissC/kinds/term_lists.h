// Inverted lists that keep, beside each code, the part of its distance that is the same for all queries.

#pragma once

#include <faiss/c_api/faiss_c.h>
#include <faiss/invlists/InvertedLists.h>

#include <algorithm>
#include <vector>

/// With y = centroid + decoded code, |x - y|² = |x - centroid|² + (|code|² + 2 centroid·code) - 2 x·code. The first
/// part comes from the choice of lists, the middle one is the term, and the last one needs one table a query, where
/// Faiss 1.7.3 makes one a query and list.
struct TermLists : faiss::ArrayInvertedLists {
    /// Takes over what other lists hold.
    explicit TermLists(faiss::ArrayInvertedLists& lists)
            : ArrayInvertedLists(lists.nlist, lists.code_size), terms(lists.nlist) {
        codes.swap(lists.codes);
        ids.swap(lists.ids);
    }

    void update_entries(
            size_t list,
            size_t offset,
            size_t n,
            const idx_t* new_ids,
            const uint8_t* code) override {
        ArrayInvertedLists::update_entries(list, offset, n, new_ids, code);
        cut(list, offset);
    }

    void resize(size_t list, size_t size) override {
        ArrayInvertedLists::resize(list, size);
        cut(list, size);
    }

    std::vector<std::vector<float>> terms; // By list; those at the end of a list may be missing.

  private:
    void cut(size_t list, size_t from) {
        terms[list].resize(std::min(terms[list].size(), from));
    }
};
