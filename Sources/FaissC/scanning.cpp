#include "scanning.h"

#include "found.h"
#include "kernels/scan.h"
#include "kernels/scan_filter.h"

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/invlists/InvertedLists.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace {

/// A query and a list that it visits.
struct Visit {
    idx_t list;
    size_t query;
    float distance; // To the list's centroid, with the metric's sign.
};

/// The lists that queries visit.
class Visits {
  public:
    Visits(const faiss::IndexIVF& ivf, idx_t n, const float* x, size_t probes)
            : probes(std::min(probes, ivf.nlist)), lists(n * this->probes), distances(n * this->probes) {
        ivf.quantizer->search(n, x, this->probes, distances.data(), lists.data());
    }

    /// A query's visits, the list with the nearest centroid first.
    std::vector<Visit> of(size_t query, size_t first, size_t last) const {
        std::vector<Visit> visits;
        visits.reserve(last - first);
        append(query, first, last, [&](const Visit& visit) { visits.push_back(visit); });
        return visits;
    }

    /// All queries' visits of the ranks first..<last, ordered by list, so that a list is read once for all of them.
    std::vector<Visit> by_list(size_t list_count, size_t first, size_t last) const {
        const size_t n = lists.size() / probes;
        std::vector<size_t> ends(list_count + 1);
        for (size_t query = 0; query < n; ++query) {
            append(query, first, last, [&](const Visit& visit) { ++ends[visit.list + 1]; });
        }
        for (size_t list = 0; list < list_count; ++list) {
            ends[list + 1] += ends[list];
        }
        std::vector<Visit> visits(ends[list_count]);
        for (size_t query = 0; query < n; ++query) {
            append(query, first, last, [&](const Visit& visit) { visits[ends[visit.list]++] = visit; });
        }
        return visits;
    }

    const size_t probes;

  private:
    template <class Body>
    void append(size_t query, size_t first, size_t last, const Body& body) const {
        for (size_t rank = first; rank < last; ++rank) {
            const size_t i = query * probes + rank;
            if (lists[i] >= 0) {
                body(Visit{lists[i], query, distances[i]});
            }
        }
    }

    std::vector<idx_t> lists;
    std::vector<float> distances;
};

ScanMetric metric_of(const faiss::Index& index) {
    return index.metric_type == faiss::METRIC_INNER_PRODUCT ? ScanMetric::innerProduct : ScanMetric::squaredL2;
}

// MARK: Rows: floats, and bytes that stand for floats

/// How the codes of an index stand for floats.
struct RowFormat {
    bool is_bytes = false;
    bool is_residual = false;
    std::vector<float> scale, offset;

    RowFormat() = default;

    RowFormat(const faiss::ScalarQuantizer& quantizer, bool is_residual)
            : is_bytes(true), is_residual(is_residual), scale(quantizer.d), offset(quantizer.d) {
        const bool is_uniform = quantizer.qtype == faiss::ScalarQuantizer::QT_8bit_uniform;
        for (size_t i = 0; i < quantizer.d; ++i) {
            const float low = quantizer.trained[is_uniform ? 0 : i];
            const float width = quantizer.trained[is_uniform ? 1 : quantizer.d + i];
            scale[i] = width / 255;
            offset[i] = low + width * 0.5f / 255;
        }
    }

    static bool serves(const faiss::ScalarQuantizer& quantizer) {
        return quantizer.qtype == faiss::ScalarQuantizer::QT_8bit ||
                quantizer.qtype == faiss::ScalarQuantizer::QT_8bit_uniform;
    }
};

/// Offers the rows at `codes` to queries.
class RowScan {
  public:
    RowScan(const ScanKernels& kernels, const RowFormat& format, ScanMetric metric, size_t dimension)
            : kernels(kernels),
              metric(metric),
              scale(format.is_bytes ? format.scale.data() : nullptr),
              offset(format.is_bytes ? format.offset.data() : nullptr),
              dimension(dimension),
              row_bytes(format.is_bytes ? dimension : dimension * sizeof(float)),
              // A run stays in the first cache while all queries look at it.
              run(std::clamp<size_t>((16384 / row_bytes) & ~size_t(15), 16, scan_run)) {}

    /// queries, founds and biases are of `count` queries; a bias is added to all distances of its query.
    void scan(
            const uint8_t* codes,
            const idx_t* ids,
            size_t size,
            const float* const* queries,
            Found* const* founds,
            const float* biases,
            size_t count) {
        for (size_t first = 0; first < size; first += run) {
            const ScanRows rows{
                    codes + first * row_bytes, std::min(run, size - first), dimension, scale, offset};
            const ScanRun where{rows.count, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
            for (size_t query = 0; query < count; query += scan_queries) {
                const size_t together = std::min(scan_queries, count - query);
                kernels.rows(metric, queries + query, together, rows, out);
                for (size_t i = 0; i < together; ++i) {
                    if (biases) {
                        for (size_t row = 0; row < rows.count; ++row) {
                            out[i][row] += biases[query + i];
                        }
                    }
                    founds[query + i]->offer(out[i], where);
                }
            }
        }
    }

  private:
    const ScanKernels& kernels;
    const ScanMetric metric;
    const float *const scale, *const offset;
    const size_t dimension, row_bytes, run;
    alignas(64) float distances[scan_queries][scan_run];
    float* const out[scan_queries] = {distances[0], distances[1], distances[2], distances[3]};
};

/// Asks for the beginning of a list in time, for its place in memory can't be guessed.
void fetch(const uint8_t* codes) {
    for (size_t i = 0; i < 1024; i += 64) {
        __builtin_prefetch(codes + i);
    }
}

/// Scans the lists of visits that are ordered by list.
void scan_rows(
        const faiss::IndexIVF& ivf,
        const RowFormat& format,
        const std::vector<Visit>& visits,
        const float* x,
        Found* const* founds,
        RowScan& scan) {
    const size_t d = ivf.d;
    const bool is_product = metric_of(ivf) == ScanMetric::innerProduct;
    std::vector<float> centroid(d), residuals;
    std::vector<const float*> queries;
    std::vector<Found*> group;
    std::vector<float> biases;
    for (size_t first = 0, last; first < visits.size(); first = last) {
        const idx_t list = visits[first].list;
        for (last = first; last < visits.size() && visits[last].list == list; ++last) {
        }
        const size_t size = ivf.invlists->list_size(list);
        if (last < visits.size()) {
            fetch(ivf.invlists->get_codes(visits[last].list));
        }
        if (size == 0) {
            continue;
        }
        const size_t count = last - first;
        queries.resize(count);
        group.resize(count);
        for (size_t i = 0; i < count; ++i) {
            queries[i] = x + visits[first + i].query * d;
            group[i] = founds[visits[first + i].query];
        }
        if (format.is_residual && is_product) {
            biases.resize(count);
            for (size_t i = 0; i < count; ++i) {
                biases[i] = -visits[first + i].distance;
            }
        } else if (format.is_residual) {
            ivf.quantizer->reconstruct(list, centroid.data());
            residuals.resize(count * d);
            for (size_t i = 0; i < count; ++i) {
                for (size_t j = 0; j < d; ++j) {
                    residuals[i * d + j] = queries[i][j] - centroid[j];
                }
                queries[i] = residuals.data() + i * d;
            }
        }
        scan.scan(
                ivf.invlists->get_codes(list),
                ivf.invlists->get_ids(list),
                size,
                queries.data(),
                group.data(),
                format.is_residual && is_product ? biases.data() : nullptr,
                count);
    }
}

// MARK: Product-quantizer codes

/// Inverted lists that keep, beside each code, the part of its distance that is the same for all queries.
///
/// With y = centroid + decoded code, |x - y|² = |x - centroid|² + (|code|² + 2 centroid·code) - 2 x·code. The first
/// part comes from the choice of lists, the middle one is the term, and the last one needs one table a query, where
/// Faiss 1.7.3 makes one a query and list.
struct TermLists : faiss::ArrayInvertedLists {
    explicit TermLists(faiss::ArrayInvertedLists& lists)
            : ArrayInvertedLists(lists.nlist, lists.code_size), terms(lists.nlist) {
        codes.swap(lists.codes);
        ids.swap(lists.ids);
    }

    void update_entries(size_t list, size_t offset, size_t n, const idx_t* new_ids, const uint8_t* code) override {
        ArrayInvertedLists::update_entries(list, offset, n, new_ids, code);
        forget(list, offset);
    }

    void resize(size_t list, size_t size) override {
        ArrayInvertedLists::resize(list, size);
        forget(list, size);
    }

    void forget(size_t list, size_t from) {
        terms[list].resize(std::min(terms[list].size(), from));
    }

    std::vector<std::vector<float>> terms; // By list; those at the end of a list may be missing.
};

/// Reads an IVFPQ index's codes as bytes, each an entry of one of `tables` tables of 256 numbers. A byte of two codes
/// of 4 bits has the sum of their numbers.
class CodeTables {
  public:
    CodeTables(const ScanKernels& kernels, const faiss::IndexIVFPQ& index)
            : kernels(kernels),
              pq(index.pq),
              metric(metric_of(index)),
              is_residual(index.by_residual),
              has_terms(is_residual && metric == ScanMetric::squaredL2),
              tables(pq.code_size),
              table(pq.nbits == 8 ? 0 : tables * 256),
              entries(pq.M * pq.ksub) {
        if (pq.transposed_centroids.empty()) {
            transposed.resize(pq.centroids.size());
            for (size_t i = 0; i < entries.size(); ++i) {
                for (size_t j = 0; j < pq.dsub; ++j) {
                    transposed[j * entries.size() + i] = pq.centroids[i * pq.dsub + j];
                }
            }
        }
    }

    static bool serves(const faiss::IndexIVFPQ& index) {
        return index.pq.nbits == 8 || index.pq.nbits == 4;
    }

    /// The part of distances that goes by the query and the code.
    const float* of_query(const float* x) {
        fill(x, metric == ScanMetric::innerProduct ? -1.0f : is_residual ? -2.0f : 0.0f);
        return spread();
    }

    /// The part that goes by the list and the code.
    const float* of_list(const faiss::Index& quantizer, idx_t list) {
        if (squares.empty()) {
            const std::vector<float> origin(pq.d);
            fill(origin.data(), 0);
            squares = entries;
        }
        std::vector<float> centroid(pq.d);
        quantizer.reconstruct(list, centroid.data());
        fill(centroid.data(), 2);
        for (size_t i = 0; i < entries.size(); ++i) {
            entries[i] += squares[i];
        }
        return spread();
    }

    /// What the distance to the list's centroid adds to all distances in the list.
    float base(const Visit& visit) const {
        return !is_residual ? 0 : metric == ScanMetric::squaredL2 ? visit.distance : -visit.distance;
    }

    const ScanKernels& kernels;
    const faiss::ProductQuantizer& pq;
    const ScanMetric metric;
    const bool is_residual, has_terms;
    const size_t tables;

  private:
    void fill(const float* x, float factor) {
        const float* centroids = (transposed.empty() ? pq.transposed_centroids : transposed).data();
        kernels.table(x, centroids, pq.M, pq.dsub, pq.ksub, factor, entries.data());
    }

    const float* spread() {
        if (pq.nbits == 8) {
            return entries.data();
        }
        for (size_t m = 0; m < tables; ++m) {
            const float* low = entries.data() + 2 * m * 16;
            const bool has_high = 2 * m + 1 < pq.M;
            for (size_t byte = 0; byte < 256; ++byte) {
                table[m * 256 + byte] = low[byte & 15] + (has_high ? low[16 + (byte >> 4)] : 0);
            }
        }
        return table.data();
    }

    std::vector<float> table, entries, squares, transposed;
};

/// Writes the terms of codes.
void compute_terms(
        const ScanKernels& kernels,
        const float* table,
        size_t tables,
        const uint8_t* codes,
        size_t count,
        float* terms) {
    for (size_t first = 0; first < count; first += scan_run) {
        kernels.codes(
                table, 0, {codes + first * tables, std::min(scan_run, count - first), tables, nullptr}, terms + first);
    }
}

class CodeScan {
  public:
    CodeScan(const ScanKernels& kernels, const faiss::IndexIVFPQ& index)
            : kernels(kernels),
              filters(index.pq.code_size <= scan_filter_subquantizers ? scan_filter_kernels(kernel_level()) : nullptr),
              index(index),
              lists(dynamic_cast<const TermLists*>(index.invlists)),
              tables(kernels, index),
              bytes(filters ? tables.tables * 256 : 0) {}

    /// The table stays in the first cache, so that a query goes through all its lists alone.
    void scan(const float* x, const std::vector<Visit>& visits, Found& found) {
        const float* table = tables.of_query(x);
        filter_limit = std::numeric_limits<float>::infinity();
        for (const Visit& visit : visits) {
            const size_t size = index.invlists->list_size(visit.list);
            if (size == 0) {
                continue;
            }
            const uint8_t* codes = index.invlists->get_codes(visit.list);
            const idx_t* ids = index.invlists->get_ids(visit.list);
            const float* terms = tables.has_terms ? terms_of(visit.list, codes, size) : nullptr;
            const float base = tables.base(visit);
            for (size_t first = 0; first < size; first += scan_run) {
                const ScanCodes run{
                        codes + first * tables.tables,
                        std::min(scan_run, size - first),
                        tables.tables,
                        terms ? terms + first : nullptr};
                const ScanRun where{run.count, ids + first, static_cast<idx_t>(first)};
                if (filters && found.limit < std::numeric_limits<float>::infinity()) {
                    scan_filtered(table, base, run, where, found);
                } else {
                    kernels.codes(table, base, run, distances);
                    found.offer(distances, where);
                }
            }
        }
    }

  private:
    void scan_filtered(const float* table, float base, const ScanCodes& run, const ScanRun& where, Found& found) {
        // A table made for a far limit is coarse, but making one costs as much as some hundred codes.
        if (!(filter_limit - found.limit <= filter_range / 4)) {
            const float least = run.terms ? *std::min_element(run.terms, run.terms + run.count) : 0;
            if (filter_limit == std::numeric_limits<float>::infinity()) {
                filter = filters->make(table, run.subquantizers, 1, bytes.data()); // For the lowest numbers.
            }
            filter_limit = found.limit;
            filter_range = std::max(found.limit - base - filter.lowest - least, 0.0f);
            filter = filters->make(table, run.subquantizers, filter_range, bytes.data());
        }
        uint16_t positions[scan_run];
        const size_t count = filters->filter(filter, base, found.limit, run, positions);
        for (size_t i = 0; i < count; ++i) {
            const size_t position = positions[i];
            float distance;
            kernels.codes(
                    table,
                    base,
                    {run.codes + position * run.subquantizers,
                     1,
                     run.subquantizers,
                     run.terms ? run.terms + position : nullptr},
                    &distance);
            found.offer_one(distance, where, position);
        }
    }

    const float* terms_of(idx_t list, const uint8_t* codes, size_t size) {
        if (lists && lists->terms[list].size() == size) {
            return lists->terms[list].data();
        }
        if (!list_tables) {
            list_tables = std::make_unique<CodeTables>(kernels, index);
        }
        computed.resize(size);
        compute_terms(
                kernels, list_tables->of_list(*index.quantizer, list), tables.tables, codes, size, computed.data());
        return computed.data();
    }

    const ScanKernels& kernels;
    const ScanFilterKernels* const filters;
    const faiss::IndexIVFPQ& index;
    const TermLists* lists;
    CodeTables tables;
    std::unique_ptr<CodeTables> list_tables; // For an index that was not prepared.
    std::vector<float> computed;
    std::vector<uint8_t> bytes;
    ScanFilter filter{};
    float filter_limit = 0, filter_range = 0; // What the filter was made for.
    alignas(64) float distances[scan_run];
};

// MARK: Any index

/// Offers to each query what an index holds; false if the index's type is not one of ours.
bool scan(const faiss::Index& index, idx_t n, const float* x, size_t probes, Found* const* founds) {
    const ScanKernels& kernels = scan_kernels(kernel_level());
    if (index.metric_type != faiss::METRIC_L2 && index.metric_type != faiss::METRIC_INNER_PRODUCT) {
        return false;
    }
    if (const auto* flat = dynamic_cast<const faiss::IndexScalarQuantizer*>(&index)) {
        if (!RowFormat::serves(flat->sq)) {
            return false;
        }
        const RowFormat format(flat->sq, false);
        RowScan scan(kernels, format, metric_of(index), index.d);
        std::vector<const float*> queries(n);
        for (idx_t i = 0; i < n; ++i) {
            queries[i] = x + i * index.d;
        }
        scan.scan(flat->codes.data(), nullptr, flat->ntotal, queries.data(), founds, nullptr, n);
        return true;
    }
    const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    // Lists on disk are given out for a time only.
    if (!ivf || !dynamic_cast<const faiss::ArrayInvertedLists*>(ivf->invlists)) {
        return false;
    }
    if (const auto* ivfpq = dynamic_cast<const faiss::IndexIVFPQ*>(ivf)) {
        if (!CodeTables::serves(*ivfpq) || ivfpq->polysemous_ht != 0) {
            return false;
        }
        const Visits visits(*ivf, n, x, probes);
        CodeScan scan(kernels, *ivfpq);
        for (idx_t query = 0; query < n; ++query) {
            scan.scan(x + query * index.d, visits.of(query, 0, visits.probes), *founds[query]);
        }
        return true;
    }
    RowFormat format;
    if (const auto* quantized = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(ivf)) {
        if (!RowFormat::serves(quantized->sq)) {
            return false;
        }
        format = RowFormat(quantized->sq, quantized->by_residual);
    } else if (!dynamic_cast<const faiss::IndexIVFFlat*>(ivf) ||
               dynamic_cast<const faiss::IndexIVFFlatDedup*>(ivf)) {
        return false;
    }
    const Visits visits(*ivf, n, x, probes);
    RowScan scan(kernels, format, metric_of(index), index.d);
    if (n == 1) {
        scan_rows(*ivf, format, visits.of(0, 0, visits.probes), x, founds, scan);
        return true;
    }
    // The nearest lists first: they bring the limits down, and most of what comes later is passed over.
    scan_rows(*ivf, format, visits.by_list(ivf->nlist, 0, 1), x, founds, scan);
    scan_rows(*ivf, format, visits.by_list(ivf->nlist, 1, visits.probes), x, founds, scan);
    return true;
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
    const ScanKernels& kernels = scan_kernels(kernel_level());
    std::vector<Nearest> nearest;
    std::vector<Found*> founds;
    nearest.reserve(n);
    founds.reserve(n);
    for (idx_t query = 0; query < n; ++query) {
        nearest.emplace_back(kernels, selector, k);
        founds.push_back(&nearest.back());
    }
    if (!scan(index, n, x, probes, founds.data())) {
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
    const ScanKernels& kernels = scan_kernels(kernel_level());
    faiss::RangeSearchPartialResult partial(&result);
    for (idx_t query = 0; query < n; ++query) {
        Within within(kernels, selector, metric_of(index), radius, partial.new_result(query));
        Found* found = &within;
        if (!scan(index, 1, x + query * index.d, probes, &found)) {
            return false;
        }
    }
    partial.finalize();
    return true;
}

void prepare_scanning(faiss::Index& index) {
    auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(&index);
    if (!ivfpq || !CodeTables::serves(*ivfpq) || !ivfpq->is_trained) {
        return;
    }
    if (ivfpq->pq.transposed_centroids.empty()) {
        ivfpq->pq.sync_transposed_centroids();
    }
    const ScanKernels& kernels = scan_kernels(kernel_level());
    CodeTables tables(kernels, *ivfpq);
    auto* plain = dynamic_cast<faiss::ArrayInvertedLists*>(ivfpq->invlists);
    if (!tables.has_terms || !plain) {
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
                    tables.of_list(*ivfpq->quantizer, list),
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
