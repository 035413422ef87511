// Exact distances behind an approximate index: IndexRefineFlat. The base's labels are positions among the exact vectors.

#include "../searching/comparison.h"
#include "flat.h"
#include "makers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace {

class RefinedKind : public Kind<float> {
  public:
    RefinedKind(faiss::IndexRefine& index, FloatKind base, faiss::IndexFlat& vectors)
            : index(index), base(std::move(base)), vectors(vectors), exact(vectors) {}

    size_t training_steps(const FaissTrainingParameters& parameters) const override {
        return base->training_steps(parameters);
    }

    void train(idx_t n, const float* x, Training& training) override {
        base->train(n, x, training);
        index.is_trained = true;
    }

    void reserve(idx_t n) override {
        base->reserve(n);
    }

    void add(idx_t n, const float* x, const idx_t* ids, int threads) override {
        std::vector<idx_t> places(n);
        std::iota(places.begin(), places.end(), index.ntotal);
        base->add(n, x, places.data(), threads);
        exact.add(n, x, ids, threads);
        index.ntotal = vectors.ntotal;
    }

    size_t remove(size_t n, const idx_t* labels) override {
        const size_t removed = base->remove(n, labels);
        base->close_gaps(n, labels);
        FAISS_THROW_IF_NOT_MSG(
                exact.remove(n, labels) == removed, "the two halves of a refined index have lost each other");
        index.ntotal = vectors.ntotal;
        return removed;
    }

    void prepare() override {
        base->prepare();
    }

    void search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const override {
        const Comparison comparison(index.metric_type, index.d);
        const idx_t wide = std::max(k, candidates(k, queries.options));
        std::vector<float> wide_distances(queries.count * wide);
        std::vector<idx_t> wide_labels(queries.count * wide);
        FaissSearchOptions options = queries.options;
        options.are_bounds = base->has_bounds() ? 1 : 0;
        base->search({queries.count, queries.x, options}, wide, wide_distances.data(), wide_labels.data());
        std::vector<std::pair<float, idx_t>> found; // A heap of the k nearest: nearest first is smallest first.
        for (idx_t query = 0; query < queries.count; ++query) {
            found.clear();
            for (idx_t slot = query * wide; slot < (query + 1) * wide; ++slot) {
                const idx_t label = wide_labels[slot];
                if (label < 0) {
                    continue;
                }
                const bool is_full = found.size() == static_cast<size_t>(k);
                // What can't be nearer than this, and what comes after, needs no vector.
                if (options.are_bounds && is_full && comparison.of_stored(wide_distances[slot]) > found[0].first) {
                    break;
                }
                const float* x = queries.x + query * index.d;
                const float key = comparison.key(x, vectors.get_xb() + label * index.d);
                found.emplace_back(comparison.of_stored(key), label);
                std::push_heap(found.begin(), found.end());
                if (is_full) {
                    std::pop_heap(found.begin(), found.end());
                    found.pop_back();
                }
            }
            const idx_t given = static_cast<idx_t>(found.size());
            std::sort_heap(found.begin(), found.end());
            for (idx_t slot = 0; slot < k; ++slot) {
                const bool is_given = slot < given;
                labels[query * k + slot] = is_given ? found[slot].second : -1;
                distances[query * k + slot] = is_given ? comparison.distance(found[slot].first) : 0;
            }
        }
    }

    void search_within(const Queries<float>&, float, faiss::RangeSearchResult&) const override {
        FAISS_THROW_MSG("a refined index can't search within a distance");
    }

    void reconstruct(size_t n, const idx_t* labels, float* x) const override {
        exact.reconstruct(n, labels, x);
    }

    void describe(FaissIndexShape& shape) const override {
        FaissIndexShape own{};
        base->describe(own);
        exact.describe(shape);
        shape.kind = FAISS_KIND_REFINE_FLAT;
        shape.k_factor = index.k_factor;
        shape.bytes += own.bytes;
    }

    bool write_to(IndexOutput& output) const override {
        output.header("IxRF", index);
        write(*index.base_index, *base, output);
        write(vectors, exact, output);
        output.number(index.k_factor);
        return true;
    }

    faiss::ProductQuantizer* product_quantizer() const override {
        return base->product_quantizer();
    }

    void copy_labels(idx_t* labels) const override {
        base->copy_labels(labels);
    }

    void close_gaps(size_t n, const idx_t* removed) override {
        base->close_gaps(n, removed);
    }

    void take_training(FaissContents& contents) const override {
        base->take_training(contents);
    }

    void take_vectors(FaissContents& contents) const override {
        contents.exact.assign(vectors.get_xb(), vectors.get_xb() + vectors.ntotal * vectors.d);
        base->take_vectors(contents);
    }

    void append(const FaissContents& contents, idx_t, size_t n) override {
        FAISS_THROW_IF_NOT(contents.exact.size() == n * index.d);
        base->append(contents, index.ntotal, n);
        exact.add(n, contents.exact.data(), nullptr, 1);
        index.ntotal = vectors.ntotal;
    }

  private:
    /// How many of the first answers are computed again.
    idx_t candidates(idx_t k, const FaissSearchOptions& options) const {
        const double factor = options.k_factor > 0 ? options.k_factor : index.k_factor;
        return std::min<idx_t>(index.ntotal, static_cast<idx_t>(std::ceil(k * factor)));
    }

    faiss::IndexRefine& index;
    const FloatKind base;
    faiss::IndexFlat& vectors;
    FlatKind exact;
};

} // namespace

FloatKind make_kind(faiss::IndexRefine& index, FloatKind base, faiss::IndexFlat& vectors) {
    return std::make_unique<RefinedKind>(index, std::move(base), vectors);
}
