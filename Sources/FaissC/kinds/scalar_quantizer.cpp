#include "scalar_quantizer.h"

#include "../searching/exact_scan.h"
#include "../searching/group_results.h"
#include "../threads.h"
#include "codes.h"
#include "makers.h"

#include <faiss/IndexScalarQuantizer.h>

void train_bytes(faiss::ScalarQuantizer& quantizer, size_t n, const float* x) {
    const size_t d = quantizer.d;
    std::vector<float> trained(x, x + d); // The least of each dimension, then the width of its range.
    std::vector<float> most(x, x + d);
    // Some rows at a time, which stay in the cache while one dimension after the other is looked at.
    for (size_t first = 0, rows = 64; first < n; first += rows) {
        scan_kernels(kernel_level())
                .extend_ranges(x + first * d, std::min(rows, n - first), d, trained.data(), most.data());
    }
    for (size_t i = 0; i < d; ++i) {
        trained.push_back(most[i] - trained[i]);
    }
    quantizer.trained.swap(trained);
}

void encode_bytes(const faiss::ScalarQuantizer& quantizer, size_t n, const float* x, uint8_t* codes) {
    const float* low = quantizer.trained.data();
    scan_kernels(kernel_level()).encode(x, n, quantizer.d, low, low + quantizer.d, codes);
}

ByteScan::ByteScan(const faiss::ScalarQuantizer& quantizer, const faiss::Index& index)
        : kernels(scan_kernels(kernel_level())),
          metric(metric_of(index)),
          comparison(index.metric_type, index.d),
          dimension(index.d),
          scale(index.d),
          offset(index.d) {
    const float* low = quantizer.trained.data();
    const float* width = low + dimension;
    for (size_t i = 0; i < dimension; ++i) {
        scale[i] = width[i] / 255;
        offset[i] = low[i] + width[i] * 0.5f / 255;
    }
}

void ByteScan::scan(
        const uint8_t* codes,
        const idx_t* ids,
        size_t size,
        const float* queries,
        Collector* const* collectors,
        const float* biases,
        size_t count) {
    // For many queries, so many rows are turned into floats at a time as stay in the second-level cache.
    const bool is_decoded = count > few_queries;
    const size_t run = is_decoded ? std::clamp<size_t>((512 << 10) / sizeof(float) / dimension, 16, 4096) : scan_run;
    for (size_t first = 0; first < size; first += run) {
        const ScanRows rows{
                codes + first * dimension, std::min(run, size - first), dimension, scale.data(), offset.data()};
        GroupResults results{collectors, biases, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
        if (is_decoded) {
            floats.resize(rows.count * dimension);
            kernels.decode(rows, floats.data());
            scan_queries(comparison, queries, dimension, 0, count, floats.data(), nullptr, rows.count, results);
            continue;
        }
        for (size_t query = 0; query < count; ++query) {
            alignas(64) float distances[scan_run];
            kernels.rows(metric, queries + query * dimension, rows, distances);
            if (biases) {
                for (size_t row = 0; row < rows.count; ++row) {
                    distances[row] += biases[query];
                }
            }
            collectors[query]->offer(distances, {rows.count, results.ids, results.first});
        }
    }
}

namespace {

/// IndexScalarQuantizer.
class ScalarQuantizerKind : public CodesKind {
  public:
    explicit ScalarQuantizerKind(faiss::IndexScalarQuantizer& index) : CodesKind(index), index(index) {}

    void train(idx_t n, const float* x, Training&) override {
        if (has_byte_codes(index.sq)) {
            train_bytes(index.sq, n, x);
            index.is_trained = true;
        } else {
            index.train(n, x);
        }
    }

    void add(idx_t n, const float* x, const idx_t*, int threads) override {
        reserve(n);
        if (!has_byte_codes(index.sq)) {
            index.add(n, x);
            return;
        }
        uint8_t* codes = grow(n);
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            encode_bytes(index.sq, count, x + first * index.d, codes + first * index.d);
        });
    }

    void search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const override {
        if (has_byte_codes(index.sq)) {
            ScannedKind::search(queries, k, distances, labels);
            return;
        }
        const Selectors selectors(queries.options);
        faiss::SearchParameters parameters;
        parameters.sel = selectors.get();
        const auto* given = parameters.sel ? &parameters : nullptr;
        index.search(queries.count, queries.x, k, distances, labels, given);
    }

    void describe(FaissIndexShape& shape) const override {
        shape.kind = FAISS_KIND_SQ;
        shape.qtype = index.sq.qtype;
        shape.bytes = index.codes.size() + index.sq.trained.size() * sizeof(float);
    }

    void take_training(FaissContents& contents) const override {
        contents.decide("the ranges of the scalar quantizer", index.sq.trained.data(), index.sq.trained.size());
    }

  protected:
    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        if (has_byte_codes(index.sq)) {
            ByteScan(index.sq, index)
                    .scan(index.codes.data(), nullptr, index.ntotal, queries.x, collectors, nullptr, queries.count);
        } else {
            CodesKind::scan(queries, collectors);
        }
    }

  private:
    faiss::IndexScalarQuantizer& index;
};

} // namespace

std::unique_ptr<Kind<float>> make_kind(faiss::IndexScalarQuantizer& index) {
    return std::make_unique<ScalarQuantizerKind>(index);
}
