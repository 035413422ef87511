// Transforms before an index: IndexPreTransform. Faiss's own methods pass no parameters and no filter on; here everything
// that holds for the index inside holds for the whole.

#include "makers.h"

#include <algorithm>

namespace {

class TransformedKind : public Kind<float> {
  public:
    TransformedKind(faiss::IndexPreTransform& index, std::vector<std::unique_ptr<Transform>> chain, FloatKind inside)
            : index(index), chain(std::move(chain)), inside(std::move(inside)) {}

    size_t training_steps(const FaissTrainingParameters& parameters) const override {
        size_t steps = inside->training_steps(parameters);
        for (const auto& transform : chain) {
            steps += transform->training_steps();
        }
        return steps;
    }

    void train(idx_t n, const float* x, Training& training) override {
        std::vector<float> current;
        for (const auto& transform : chain) {
            const float* input = current.empty() ? x : current.data();
            const bool is_centered = index.metric_type != faiss::METRIC_INNER_PRODUCT;
            transform->train(n, input, inside->product_quantizer(), is_centered, training);
            current = transform->apply(n, input, training.work.threads);
        }
        inside->train(n, current.empty() ? x : current.data(), training);
        index.is_trained = true;
    }

    void reserve(idx_t n) override {
        inside->reserve(n);
    }

    void add(idx_t n, const float* x, const idx_t* ids, int threads) override {
        inside->add(n, transformed(n, x, threads).data(), ids, threads);
        index.ntotal = index.index->ntotal;
    }

    size_t remove(size_t n, const idx_t* labels) override {
        const size_t removed = inside->remove(n, labels);
        index.ntotal = index.index->ntotal;
        return removed;
    }

    void prepare() override {
        inside->prepare();
    }

    void search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const override {
        const auto x = transformed(queries.count, queries.x, 1);
        inside->search({queries.count, x.data(), queries.options}, k, distances, labels);
    }

    void search_within(
            const Queries<float>& queries,
            float radius,
            faiss::RangeSearchResult& result) const override {
        const auto x = transformed(queries.count, queries.x, 1);
        inside->search_within({queries.count, x.data(), queries.options}, radius, result);
    }

    bool has_bounds() const override {
        return inside->has_bounds() && std::all_of(chain.begin(), chain.end(), [](const auto& transform) {
                   return transform->keeps_distances();
               });
    }

    void reconstruct(size_t n, const idx_t* labels, float* x) const override {
        std::vector<float> current(n * index.index->d);
        inside->reconstruct(n, labels, current.data());
        for (size_t place = chain.size(); place-- > 0;) {
            current = chain[place]->reverse(n, current.data());
        }
        std::copy(current.begin(), current.end(), x);
    }

    void describe(FaissIndexShape& shape) const override {
        FaissIndexShape own{};
        inside->describe(own);
        shape.kind = FAISS_KIND_PRETRANSFORM;
        shape.bytes = own.bytes;
        for (const auto& transform : chain) {
            shape.bytes += transform->bytes();
        }
    }

    bool write_to(IndexOutput& output) const override {
        output.header("IxPT", index);
        output.number(static_cast<int32_t>(chain.size()));
        for (const auto& transform : chain) {
            transform->write_to(output);
        }
        write(*index.index, *inside, output);
        return true;
    }

    const std::vector<std::unique_ptr<Transform>>* transforms() const override {
        return &chain;
    }

    faiss::ProductQuantizer* product_quantizer() const override {
        return inside->product_quantizer();
    }

    void copy_labels(idx_t* labels) const override {
        inside->copy_labels(labels);
    }

    bool replace_labels(const idx_t* ids, size_t count) override {
        return inside->replace_labels(ids, count);
    }

    void close_gaps(size_t n, const idx_t* removed) override {
        inside->close_gaps(n, removed);
    }

    void take_training(FaissContents& contents) const override {
        for (const auto& transform : chain) {
            transform->take_training(contents);
        }
        inside->take_training(contents);
    }

    void take_vectors(FaissContents& contents) const override {
        inside->take_vectors(contents);
    }

    void append(const FaissContents& contents, idx_t first, size_t n) override {
        inside->append(contents, first, n);
        index.ntotal = index.index->ntotal;
    }

  private:
    std::vector<float> transformed(idx_t n, const float* x, int threads) const {
        std::vector<float> current(x, x + (chain.empty() ? n * index.d : 0));
        for (const auto& transform : chain) {
            current = transform->apply(n, current.empty() ? x : current.data(), threads);
        }
        return current;
    }

    faiss::IndexPreTransform& index;
    const std::vector<std::unique_ptr<Transform>> chain;
    const FloatKind inside;
};

} // namespace

FloatKind make_kind(
        faiss::IndexPreTransform& index,
        std::vector<std::unique_ptr<Transform>> chain,
        FloatKind inside) {
    return std::make_unique<TransformedKind>(index, std::move(chain), std::move(inside));
}
