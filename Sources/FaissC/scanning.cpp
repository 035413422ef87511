#include "scanning.h"

#include "large_lists.h"
#include "scanning/packed.h"
#include "scanning/rows.h"

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/invlists/BlockInvertedLists.h>

#include <memory>

using namespace scanning;

namespace {

/// Calls body with visits that are ordered by list, twice for many queries: the nearest lists first, for they bring the
/// limits down, and most of what comes later is ignored.
template <class Body>
void scan_by_list(const faiss::IndexIVF& ivf, idx_t n, const float* x, size_t probes, const Body& body) {
    const Visits visits(ivf, n, x, probes);
    if (n == 1) {
        body(visits.of(0, 0, visits.probes));
    } else {
        body(visits.by_list(ivf.nlist, 0, 1));
        body(visits.by_list(ivf.nlist, 1, visits.probes));
    }
}

/// Codes that have no kernel here, one after the other.
void scan_one_by_one(const faiss::IndexFlatCodes& index, idx_t n, const float* x, Found* const* founds) {
    const std::unique_ptr<faiss::DistanceComputer> computer(index.get_FlatCodesDistanceComputer());
    const float sign = metric_of(index) == ScanMetric::innerProduct ? -1.0f : 1.0f;
    for (idx_t query = 0; query < n; ++query) {
        computer->set_query(x + query * index.d);
        const ScanRun all{static_cast<size_t>(index.ntotal), nullptr, 0};
        for (idx_t place = 0; place < index.ntotal; ++place) {
            if (founds[query]->admits(place)) {
                founds[query]->offer_one(sign * (*computer)(place), all, static_cast<size_t>(place));
            }
        }
    }
}

/// Offers to each query what an index holds; false if the index's type is not one of ours.
///
/// @param make_founds  makes what takes the offers: not before it is known that there will be any
template <class MakeFounds>
bool scan(const faiss::Index& index, idx_t n, const float* x, size_t probes, const MakeFounds& make_founds) {
    const ScanKernels& kernels = scan_kernels(kernel_level());
    if (index.metric_type != faiss::METRIC_L2 && index.metric_type != faiss::METRIC_INNER_PRODUCT) {
        return false;
    }
    if (const auto* flat = dynamic_cast<const faiss::IndexScalarQuantizer*>(&index)) {
        if (!has_byte_codes(flat->sq)) {
            return false;
        }
        const RowFormat format(flat->sq, false);
        ByteScan(kernels, format, index).scan(flat->codes.data(), nullptr, flat->ntotal, x, make_founds(), nullptr, n);
        return true;
    }
    if (const auto* packed = dynamic_cast<const faiss::IndexPQFastScan*>(&index)) {
        if (packed->bbs != packed_block) {
            return false;
        }
        scan_packed(*packed, n, x, make_founds(), kernels);
        return true;
    }
    if (const auto* packed = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&index)) {
        // Residuals by squared L2 need a table for each list: Faiss has them.
        const bool has_terms = packed->by_residual && packed->metric_type == faiss::METRIC_L2;
        if (packed->bbs != packed_block || has_terms ||
            !dynamic_cast<const faiss::BlockInvertedLists*>(packed->invlists)) {
            return false;
        }
        scan_packed(*packed, n, x, probes, make_founds(), kernels);
        return true;
    }
    if (const auto* pq = dynamic_cast<const faiss::IndexPQ*>(&index)) {
        scan_one_by_one(*pq, n, x, make_founds());
        return true;
    }
    const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    // Lists on disk are given out for a time only.
    if (!ivf || !dynamic_cast<const faiss::ArrayInvertedLists*>(ivf->invlists)) {
        return false;
    }
    if (const auto* ivfpq = dynamic_cast<const faiss::IndexIVFPQ*>(ivf)) {
        if (!ByteTables::serves(ivfpq->pq) || ivfpq->polysemous_ht != 0) {
            return false;
        }
        const Visits visits(*ivf, n, x, probes);
        CodeScan scan(kernels, *ivfpq);
        Found* const* founds = make_founds();
        for (idx_t query = 0; query < n; ++query) {
            scan.scan(x + query * index.d, visits.of(query, 0, visits.probes), *founds[query]);
        }
        return true;
    }
    const auto* quantized = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(ivf);
    if (quantized && has_byte_codes(quantized->sq)) {
        const RowFormat format(quantized->sq, quantized->by_residual);
        ByteScan scan(kernels, format, index);
        Found* const* founds = make_founds();
        scan_by_list(*ivf, n, x, probes, [&](const std::vector<Visit>& visits) {
            scan_bytes(*ivf, format, visits, x, founds, scan);
        });
        return true;
    }
    if (dynamic_cast<const faiss::IndexIVFFlat*>(ivf) && !dynamic_cast<const faiss::IndexIVFFlatDedup*>(ivf)) {
        Found* const* founds = make_founds();
        scan_by_list(*ivf, n, x, probes, [&](const std::vector<Visit>& visits) {
            scan_vectors(*ivf, visits, x, founds);
        });
        return true;
    }
    return false;
}

} // namespace

bool scan_search(
        const faiss::Index& index,
        idx_t n,
        const float* x,
        idx_t k,
        size_t probes,
        const Selector* selector,
        float* distances,
        idx_t* labels) {
    std::vector<scanning::Nearest> nearest;
    std::vector<Found*> founds;
    const auto make_founds = [&] {
        nearest.reserve(n);
        founds.reserve(n);
        for (idx_t query = 0; query < n; ++query) {
            nearest.emplace_back(selector, k);
            founds.push_back(&nearest.back());
        }
        return founds.data();
    };
    if (!scan(index, n, x, probes, make_founds)) {
        return false;
    }
    for (idx_t query = 0; query < n; ++query) {
        nearest[query].finish(metric_of(index), distances + query * k, labels + query * k);
    }
    return true;
}

bool scan_range_search(
        const faiss::Index& index,
        idx_t n,
        const float* x,
        float radius,
        size_t probes,
        const Selector* selector,
        faiss::RangeSearchResult& result) {
    faiss::RangeSearchPartialResult partial(&result);
    for (idx_t query = 0; query < n; ++query) {
        scanning::Within within(selector, metric_of(index), radius, partial.new_result(query));
        Found* found = &within;
        if (scan(index, 1, x + query * index.d, probes, [&] { return &found; })) {
            continue;
        }
        // Faiss 1.7.3 can't do this.
        const auto* quantized = dynamic_cast<const faiss::IndexScalarQuantizer*>(&index);
        if (!quantized) {
            return false;
        }
        scan_one_by_one(*quantized, 1, x + query * index.d, &found);
    }
    partial.finalize();
    return true;
}

void prepare_scanning(faiss::Index& index, size_t added) {
    const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    // Lists that grow move, so that this is for additions that are a good part of the whole.
    if (ivf && added >= 4096 && added >= static_cast<size_t>(index.ntotal) / 4 &&
        dynamic_cast<const faiss::ArrayInvertedLists*>(ivf->invlists)) {
        move_to_large_pages(*ivf->invlists, ivf->code_size);
    }
    auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(&index);
    if (!ivfpq || !ByteTables::serves(ivfpq->pq) || !ivfpq->is_trained) {
        return;
    }
    if (ivfpq->pq.transposed_centroids.empty()) {
        ivfpq->pq.sync_transposed_centroids();
    }
    const ScanKernels& kernels = scan_kernels(kernel_level());
    CodeTables entries(kernels, ivfpq->pq, metric_of(index), ivfpq->by_residual);
    ByteTables tables(ivfpq->pq);
    auto* plain = dynamic_cast<faiss::ArrayInvertedLists*>(ivfpq->invlists);
    if (!entries.has_terms || !plain) {
        return;
    }
    // The terms replace this table, of which Faiss makes a row of M * 256 numbers a list.
    ivfpq->use_precomputed_table = -1;
    ivfpq->precomputed_table.resize(0);
    auto* lists = dynamic_cast<TermLists*>(plain);
    if (!lists) {
        auto owned = std::make_unique<TermLists>(*plain);
        lists = owned.get();
        ivfpq->replace_invlists(owned.release(), true);
    }
    for (size_t list = 0; list < lists->nlist; ++list) {
        const size_t size = lists->list_size(list);
        const size_t known = lists->terms[list].size();
        if (known < size) {
            lists->terms[list].resize(size);
            compute_terms(
                    kernels,
                    tables.of(entries.of_list(*ivfpq->quantizer, list)),
                    tables.tables,
                    lists->get_codes(list) + known * lists->code_size,
                    size - known,
                    lists->terms[list].data() + known);
        }
    }
}

size_t scanning_bytes(const faiss::IndexIVF& ivf) {
    const auto* lists = dynamic_cast<const TermLists*>(ivf.invlists);
    size_t count = 0;
    for (size_t list = 0; lists && list < lists->nlist; ++list) {
        count += lists->terms[list].size();
    }
    return count * sizeof(float);
}
