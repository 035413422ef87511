// Searching and building HNSW graphs over vectors stored as they are; see graph.h.

#pragma once

#include <faiss/IndexHNSW.h>
#include <faiss/c_api/faiss_c.h>
#include <faiss/impl/IDSelector.h>

/// The k nearest among those that a walk with `ef` candidates meets and the selector (or NULL) admits, on the calling
/// thread. Missing answers are -1.
void search_graph(
        const faiss::IndexHNSW& index,
        idx_t n,
        const float* x,
        idx_t k,
        size_t ef,
        const faiss::IDSelector* selector,
        float* distances,
        idx_t* labels);

/// Adds vectors and links them, as index.add(n, x) does.
void add_to_graph(faiss::IndexHNSW& index, idx_t n, const float* x, int threads);
