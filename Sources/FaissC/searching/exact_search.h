// Exact search of many rows for any number of queries: what flat indexes, coarse quantizers and refinements are made of.
// How it searches stands in exact.h.

#pragma once

#include "comparison.h"

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>

/// The k nearest rows of those that the selector (or NULL) admits, nearest first; -1 where there are fewer. Equally near
/// ones come by order[number], or by number where there is no order. Up to so many threads share the queries or, if there
/// are few, the rows.
void search_rows(
        const Comparison& comparison,
        const float* x,
        size_t queries,
        const float* rows,
        size_t row_count,
        size_t k,
        const faiss::IDSelector* selector,
        const idx_t* order,
        int threads,
        float* distances,
        idx_t* ids);

/// All rows nearer than a radius, likewise, on the calling thread.
void search_rows_within(
        const Comparison& comparison,
        const float* x,
        size_t queries,
        const float* rows,
        size_t row_count,
        float radius,
        const faiss::IDSelector* selector,
        faiss::RangeSearchResult& result);
