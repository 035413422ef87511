// Searching with our own kernels what Faiss stores: inverted lists and flat codes.
//
// Faiss owns the index, its files, and what it learns; here its codes are read in place. Debian's library is compiled
// for the oldest processors and computes a list's distances one by one.

#pragma once

#include "selectors.h"

#include <faiss/Index.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/AuxIndexStructures.h>

/// k-nearest search with the calling thread alone, as faiss::Index::search. Of equally near vectors those with the
/// smallest ids are found, in that order.
///
/// Returns false, having done nothing, for an index of a type that has no kernel here.
bool scan_search(
        const faiss::Index& index,
        idx_t n,
        const float* x,
        idx_t k,
        size_t probes,
        const Selector* selector,
        float* distances,
        idx_t* labels);

/// Search within a distance, likewise. Distances are the same, bit by bit, as those of scan_search.
bool scan_range_search(
        const faiss::Index& index,
        idx_t n,
        const float* x,
        float radius,
        size_t probes,
        const Selector* selector,
        faiss::RangeSearchResult& result);

/// Brings up to date what searching keeps beside an index's codes. To be called after every change, alone; a search
/// without it gives the same answers more slowly.
///
/// @param added  how many vectors were added since the last time: where they are many, memory is put in order, too
void prepare_scanning(faiss::Index& index, size_t added = 0);

/// Memory of what prepare_scanning keeps.
size_t scanning_bytes(const faiss::IndexIVF& ivf);
