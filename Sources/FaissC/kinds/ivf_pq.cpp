// Product-quantizer codes of 8 bits, and of 4, in inverted lists: IndexIVFPQ.
//
// A search chooses lists by their centroids, makes one table of distances for the query, and sums up each code's entries
// beside the part that is kept with the code (term_lists.h). A filter of rounded sums rules out most codes first.

#include "../kernels/scan_filter.h"
#include "../learning/product_quantizer.h"
#include "../threads.h"
#include "code_tables.h"
#include "inverted_lists.h"
#include "makers.h"

namespace {

/// The parts of distances that go by the list and the code.
void compute_terms(const float* table, size_t tables, const uint8_t* codes, size_t count, float* terms) {
    for (size_t first = 0; first < count; first += scan_run) {
        const ScanCodes run{codes + first * tables, std::min(scan_run, count - first), tables, nullptr};
        scan_kernels(kernel_level()).codes(table, 0, run, terms + first);
    }
}

/// One query after the other over codes.
class CodeScan {
  public:
    /// @param lists  of those that have terms, or NULL
    CodeScan(const faiss::IndexIVFPQ& index, const TermLists* lists)
            : kernels(scan_kernels(kernel_level())),
              filters(index.pq.code_size <= scan_filter_subquantizers ? scan_filter_kernels(kernel_level()) : nullptr),
              index(index),
              lists(lists),
              entries(index.pq, metric_of(index), index.by_residual),
              tables(index.pq),
              bytes(filters ? tables.tables * 256 : 0) {}

    /// The table stays in the first cache, so that a query goes through all its lists alone.
    void scan(const float* x, const std::vector<Probe>& probes, Collector& collector) {
        const float* table = tables.of(entries.of_query(x));
        filter_limit = std::numeric_limits<float>::infinity();
        for (const Probe& probe : probes) {
            const size_t size = index.invlists->list_size(probe.list);
            if (&probe != &probes.back()) {
                const idx_t next = (&probe)[1].list;
                prefetch_list(index.invlists->get_codes(next));
                if (lists) {
                    prefetch_list(lists->terms[next].data());
                }
            }
            const uint8_t* codes = index.invlists->get_codes(probe.list);
            const idx_t* ids = index.invlists->get_ids(probe.list);
            const float* terms = lists ? lists->terms[probe.list].data() : nullptr;
            // What the distance to the list's centroid adds to all distances in the list.
            const float base = index.by_residual ? sign_of(metric_of(index)) * probe.distance : 0;
            for (size_t first = 0; first < size; first += scan_run) {
                const ScanCodes run{
                        codes + first * tables.tables,
                        std::min(scan_run, size - first),
                        tables.tables,
                        terms ? terms + first : nullptr};
                const ScanRun where{run.count, ids + first, static_cast<idx_t>(first)};
                if (filters && collector.limit < std::numeric_limits<float>::infinity()) {
                    scan_filtered(table, base, run, where, collector);
                } else {
                    kernels.codes(table, base, run, distances);
                    collector.offer(distances, where);
                }
            }
        }
    }

  private:
    void scan_filtered(
            const float* table,
            float base,
            const ScanCodes& run,
            const ScanRun& where,
            Collector& collector) {
        // A table made for a far limit is coarse, but making one costs as much as some hundred codes.
        if (!(filter_limit - collector.limit <= filter_range / 4)) {
            const float least = run.terms ? *std::min_element(run.terms, run.terms + run.count) : 0;
            if (filter_limit == std::numeric_limits<float>::infinity()) {
                filter = filters->make(table, run.subquantizers, 1, bytes.data()); // For the lowest numbers.
            }
            filter_limit = collector.limit;
            filter_range = std::max(collector.limit - base - filter.lowest - least, 0.0f);
            filter = filters->make(table, run.subquantizers, filter_range, bytes.data());
        }
        uint16_t positions[scan_run];
        const size_t count = filters->filter(filter, base, collector.limit, run, positions);
        for (size_t i = 0; i < count; ++i) {
            const size_t position = positions[i];
            const uint8_t* code = run.codes + position * run.subquantizers;
            const float* term = run.terms ? run.terms + position : nullptr;
            float distance;
            kernels.codes(table, base, {code, 1, run.subquantizers, term}, &distance);
            collector.offer_one(distance, where, position);
        }
    }

    const ScanKernels& kernels;
    const ScanFilterKernels* const filters;
    const faiss::IndexIVFPQ& index;
    const TermLists* lists;
    CodeTables entries;
    ByteTables tables;
    std::vector<uint8_t> bytes;
    ScanFilter filter{};
    float filter_limit = 0, filter_range = 0; // What the filter was made for.
    alignas(64) float distances[scan_run];
};

class ProductQuantizerListsKind : public ListsKind {
  public:
    ProductQuantizerListsKind(faiss::IndexIVFPQ& index, faiss::IndexFlat& centroids, TermLists* lists)
            : ListsKind(index, centroids, index.by_residual, &index.pq), index(index), lists(lists) {}

    void describe(FaissIndexShape& shape) const override {
        ListsKind::describe(shape);
        shape.kind = FAISS_KIND_PQ;
        shape.bytes += index.precomputed_table.size() * sizeof(float);
        for (size_t list = 0; lists && list < lists->nlist; ++list) {
            shape.bytes += lists->terms[list].size() * sizeof(float);
        }
    }

  protected:
    void train_codes(idx_t n, const float* x, Training& training) override {
        if (!is_residual) {
            train_quantizer(index.pq, n, x, training);
            return;
        }
        // As many as the quantizer will look at.
        const size_t d = index.d;
        const size_t most = std::min<size_t>(n, index.pq.ksub * training.parameters.max_points_per_centroid);
        std::vector<float> sample;
        if (most < static_cast<size_t>(n)) {
            sample.reserve(most * d);
            for (const size_t row : sample_rows(most, n, training.parameters.seed)) {
                sample.insert(sample.end(), x + row * d, x + (row + 1) * d);
            }
            x = sample.data();
        }
        const auto lists = assigned(most, x, training.work.threads);
        train_quantizer(index.pq, most, residuals(most, x, lists.data()).data(), training);
    }

    void tidy(size_t added) override {
        ListsKind::tidy(added);
        if (!index.is_trained) {
            return;
        }
        if (index.pq.transposed_centroids.empty()) {
            index.pq.sync_transposed_centroids();
        }
        if (!is_residual || metric != ScanMetric::squaredL2) {
            return;
        }
        if (!lists) {
            // The terms replace this table, of which Faiss makes a row of M * 256 numbers a list.
            index.use_precomputed_table = -1;
            index.precomputed_table.resize(0);
            auto owned = std::make_unique<TermLists>(static_cast<faiss::ArrayInvertedLists&>(*index.invlists));
            lists = owned.get();
            index.replace_invlists(owned.release(), true);
        }
        CodeTables entries(index.pq, metric, true);
        ByteTables tables(index.pq);
        for (size_t list = 0; list < lists->nlist; ++list) {
            const size_t size = lists->list_size(list);
            const size_t known = lists->terms[list].size();
            if (known < size) {
                lists->terms[list].resize(size);
                compute_terms(
                        tables.of(entries.of_list(centroid(list))),
                        tables.tables,
                        lists->get_codes(list) + known * lists->code_size,
                        size - known,
                        lists->terms[list].data() + known);
            }
        }
    }

    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        const Probes probes(centroids, queries.count, queries.x, queries.options.nprobe);
        CodeScan scan(index, lists);
        for (idx_t query = 0; query < queries.count; ++query) {
            scan.scan(queries.x + query * index.d, probes.of(query), *collectors[query]);
        }
    }

  private:
    faiss::IndexIVFPQ& index;
    TermLists* lists; ///< NULL where distances have no terms, and before the first use of an index
};

} // namespace

FloatKind make_kind(faiss::IndexIVFPQ& index, faiss::IndexFlat& centroids, TermLists* lists) {
    return std::make_unique<ProductQuantizerListsKind>(index, centroids, lists);
}
