#include "codes.h"

#include "collectors.h"

#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexScalarQuantizer.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace {

/// Hands `search` a scan(query, collector) over the codes, which computes one distance after the other.
template <class Search>
void with_distances(
        const faiss::IndexFlatCodes& index,
        const float* x,
        const Selector* selector,
        const Search& search) {
    std::unique_ptr<faiss::DistanceComputer> computer(index.get_FlatCodesDistanceComputer());
    search([&](idx_t query, auto& collect) {
        computer->set_query(x + query * index.d);
        for (idx_t label = 0; label < index.ntotal; ++label) {
            if (!selector || selector->is_member(label)) {
                collect(label, (*computer)(label));
            }
        }
    });
}

} // namespace

bool search_codes(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        idx_t k,
        const Selector* selector,
        float* distances,
        idx_t* labels) {
    const auto search = [&](const auto& scan) {
        collect_nearest(index->metric_type, n, k, distances, labels, scan);
    };
    if (const auto* pq = dynamic_cast<const faiss::IndexPQ*>(index)) {
        with_distances(*pq, x, selector, search);
        return true;
    }
    return false;
}

bool range_search_codes(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        float radius,
        const Selector* selector,
        faiss::RangeSearchResult* result) {
    const auto search = [&](const auto& scan) {
        collect_within(index->metric_type, n, radius, result, scan);
    };
    const auto* pq = dynamic_cast<const faiss::IndexPQ*>(index);
    const auto* sq = dynamic_cast<const faiss::IndexScalarQuantizer*>(index);
    if (pq || sq) {
        with_distances(dynamic_cast<const faiss::IndexFlatCodes&>(*index), x, selector, search);
        return true;
    }
    return false;
}

faiss::ProductQuantizer* product_quantizer(faiss::Index* index) {
    if (auto* transformed = dynamic_cast<faiss::IndexPreTransform*>(index)) {
        return product_quantizer(transformed->index);
    }
    if (auto* refined = dynamic_cast<faiss::IndexRefine*>(index)) {
        return product_quantizer(refined->base_index);
    }
    if (auto* pq = dynamic_cast<faiss::IndexPQ*>(index)) {
        return &pq->pq;
    }
    if (auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(index)) {
        return &ivfpq->pq;
    }
    if (auto* fast = dynamic_cast<faiss::IndexPQFastScan*>(index)) {
        return &fast->pq;
    }
    if (auto* fast = dynamic_cast<faiss::IndexIVFPQFastScan*>(index)) {
        return &fast->pq;
    }
    return nullptr;
}
