#include "codes.h"

#include "collectors.h"

#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/invlists/BlockInvertedLists.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace {

// MARK: Fast scan
//
// Codes of 4 bits lie in blocks of 32 vectors: 16 bytes a subquantizer, the j-th of which has the codes of two vectors of
// the block, 16 apart. Searching them is the part of scanning.h. Faiss 1.7.3 decodes wrongly what lies beyond the 16th
// subquantizer.

constexpr size_t block_vectors = 32;
constexpr size_t table_entries = 16;

/// A place among blocks for one part of one vector's code.
class PackedCode {
  public:
    PackedCode(uint8_t* blocks, size_t parts, size_t place, size_t part) {
        const size_t within = place % table_entries;
        const size_t slot = within < 8 ? 2 * within : 2 * (within - 8) + 1; // 0, 8, 1, 9, … lie side by side.
        byte = blocks + (place / block_vectors * parts + part) * table_entries + slot;
        shift = place % block_vectors < table_entries ? 0 : 4;
    }
    uint8_t get() const {
        return *byte >> shift & 15;
    }
    void set(uint8_t code) {
        *byte = static_cast<uint8_t>((*byte & ~(15 << shift)) | code << shift);
    }

  private:
    uint8_t* byte;
    int shift;
};

void decode_packed(const faiss::ProductQuantizer& pq, const uint8_t* blocks, size_t parts, size_t place, float* vector) {
    for (size_t part = 0; part < pq.M; ++part) {
        const PackedCode code(const_cast<uint8_t*>(blocks), parts, place, part);
        std::copy_n(pq.get_centroids(part, code.get()), pq.dsub, vector + part * pq.dsub);
    }
}

/// Moves the codes to keep to the front and clears what is behind them, where Faiss will add by setting bits only.
/// Returns how many are kept.
template <class IsRemoved>
size_t close_gaps(uint8_t* blocks, size_t parts, size_t count, const IsRemoved& is_removed) {
    size_t kept = 0;
    for (size_t place = 0; place < count; ++place) {
        if (is_removed(place)) {
            continue;
        }
        if (kept < place) {
            for (size_t part = 0; part < parts; ++part) {
                PackedCode(blocks, parts, kept, part).set(PackedCode(blocks, parts, place, part).get());
            }
        }
        ++kept;
    }
    for (size_t place = kept; place < count; ++place) {
        for (size_t part = 0; part < parts; ++part) {
            PackedCode(blocks, parts, place, part).set(0);
        }
    }
    return kept;
}

// MARK: Codes one after the other

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

bool remove_codes(faiss::Index* index, const faiss::IDSelector& selector, size_t* n_removed) {
    const idx_t before = index->ntotal;
    if (auto* flat = dynamic_cast<faiss::IndexPQFastScan*>(index)) {
        flat->ntotal = close_gaps(flat->codes.get(), flat->M2, flat->ntotal, [&](size_t place) {
            return selector.is_member(place);
        });
        flat->ntotal2 = (flat->ntotal + block_vectors - 1) / block_vectors * block_vectors;
        flat->codes.resize(flat->ntotal2 * flat->M2 / 2);
    } else if (auto* ivf = dynamic_cast<faiss::IndexIVFPQFastScan*>(index)) {
        auto& lists = dynamic_cast<faiss::BlockInvertedLists&>(*ivf->invlists);
        size_t left = 0;
        for (size_t list = 0; list < lists.nlist; ++list) {
            auto& ids = lists.ids[list];
            const auto is_removed = [&](size_t place) { return selector.is_member(ids[place]); };
            const size_t kept = close_gaps(lists.codes[list].get(), ivf->M2, ids.size(), is_removed);
            ids.erase(
                    std::remove_if(ids.begin(), ids.end(), [&](idx_t id) { return selector.is_member(id); }),
                    ids.end());
            lists.resize(list, kept);
            left += kept;
        }
        ivf->ntotal = left;
    } else {
        return false;
    }
    *n_removed = before - index->ntotal;
    return true;
}

bool decode_code(const faiss::Index* index, size_t list, size_t place, float* vector) {
    if (const auto* flat = dynamic_cast<const faiss::IndexPQFastScan*>(index)) {
        decode_packed(flat->pq, flat->codes.get(), flat->M2, place, vector);
        return true;
    }
    if (const auto* ivf = dynamic_cast<const faiss::IndexIVFPQFastScan*>(index)) {
        faiss::InvertedLists::ScopedCodes codes(ivf->invlists, list);
        decode_packed(ivf->pq, codes.get(), ivf->M2, place, vector);
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
