// Product-quantized vectors one behind the other: IndexPQ. Distances are libfaiss's, which sums up what it looks up.

#include "../learning/product_quantizer.h"
#include "codes.h"
#include "makers.h"

namespace {

class ProductQuantizerKind : public CodesKind {
  public:
    explicit ProductQuantizerKind(faiss::IndexPQ& index) : CodesKind(index), index(index) {}

    size_t training_steps(const FaissTrainingParameters&) const override {
        return quantizer_steps(index.pq);
    }

    void train(idx_t n, const float* x, Training& training) override {
        train_quantizer(index.pq, n, x, training);
        index.is_trained = true;
    }

    void add(idx_t n, const float* x, const idx_t*, int threads) override {
        reserve(n);
        uint8_t* codes = grow(n);
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            encode(index.pq, x + first * index.d, count, codes + first * index.code_size);
        });
    }

    void describe(FaissIndexShape& shape) const override {
        shape.kind = FAISS_KIND_PQ;
        shape.bytes = index.codes.size();
        describe_quantizer(index.pq, shape);
    }

    faiss::ProductQuantizer* product_quantizer() const override {
        return &index.pq;
    }

    void take_training(FaissContents& contents) const override {
        take_quantizer(index.pq, contents);
    }

  private:
    faiss::IndexPQ& index;
};

} // namespace

FloatKind make_kind(faiss::IndexPQ& index) {
    return std::make_unique<ProductQuantizerKind>(index);
}
