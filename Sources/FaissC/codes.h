// Scans of our own through codes, for what Faiss 1.7.3 can't do with them: filters in product-quantized indexes, and
// searches within a distance in product- and scalar-quantized ones.

#pragma once

#include "guarded.h"
#include "selectors.h"

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/ProductQuantizer.h>

/// Searches an index whose search is ours; false if Faiss's is to be taken.
bool search_codes(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        idx_t k,
        const Selector* selector,
        float* distances,
        idx_t* labels);

/// The same within a distance.
bool range_search_codes(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        float radius,
        const Selector* selector,
        faiss::RangeSearchResult* result);

/// The product quantizer of an index or of what it wraps, NULL where there is none.
faiss::ProductQuantizer* product_quantizer(faiss::Index* index);
