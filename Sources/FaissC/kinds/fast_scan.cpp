// Packed product-quantizer codes one block behind the other: IndexPQFastScan.

#include "../learning/product_quantizer.h"
#include "../threads.h"
#include "makers.h"
#include "packed_codes.h"

namespace {

class FastScanKind : public ScannedKind<float> {
  public:
    explicit FastScanKind(faiss::IndexPQFastScan& index) : ScannedKind(metric_of(index), index.d), index(index) {
        FAISS_THROW_IF_NOT(index.bbs == packed_block);
    }

    size_t training_steps(const FaissTrainingParameters&) const override {
        return quantizer_steps(index.pq);
    }

    void train(idx_t n, const float* x, Training& training) override {
        train_quantizer(index.pq, n, x, training);
        index.is_trained = true;
    }

    void add(idx_t n, const float* x, const idx_t*, int threads) override {
        std::vector<uint8_t> codes(n * index.pq.code_size);
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            encode(index.pq, x + first * index.d, count, codes.data() + first * index.pq.code_size);
        });
        put(n, codes.data());
    }

    size_t remove(size_t n, const idx_t* labels) override {
        const AscendingSelector selector(labels, n);
        const idx_t before = index.ntotal;
        resize(close_gaps_in_blocks(index.codes.get(), index.M2, before, [&](size_t place) {
            return selector.is_member(place);
        }));
        return before - index.ntotal;
    }

    void reconstruct(size_t n, const idx_t* labels, float* x) const override {
        for (size_t i = 0; i < n; ++i) {
            check_position(labels[i], index.ntotal);
            decode_packed(index.pq, index.codes.get(), index.M2, labels[i], x + i * index.d);
        }
    }

    void describe(FaissIndexShape& shape) const override {
        shape.kind = FAISS_KIND_PQ_FAST_SCAN;
        shape.bytes = index.codes.size();
        describe_quantizer(index.pq, shape);
    }

    faiss::ProductQuantizer* product_quantizer() const override {
        return &index.pq;
    }

    void take_training(FaissContents& contents) const override {
        take_quantizer(index.pq, contents);
    }

    void take_vectors(FaissContents& contents) const override {
        unpack(index.pq, index.codes.get(), index.M2, index.ntotal, contents.codes);
    }

    void append(const FaissContents& contents, idx_t, size_t n) override {
        FAISS_THROW_IF_NOT(contents.codes.size() == n * index.pq.code_size);
        put(n, contents.codes.data());
    }

  protected:
    /// All queries look at a stretch of codes while it is in the cache.
    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        CodeTables entries(index.pq, metric, false);
        const PackedCodes codes{index.codes.get(), static_cast<size_t>(index.ntotal), index.M2};
        std::vector<PackedScan> scans;
        scans.reserve(queries.count);
        for (idx_t query = 0; query < queries.count; ++query) {
            scans.emplace_back(entries.of_query(queries.x + query * index.d), index.M2, *collectors[query]);
        }
        const size_t stretch = PackedScan::longest;
        for (size_t first = 0; first < codes.count; first += stretch) {
            for (PackedScan& scan : scans) {
                scan.scan(codes, nullptr, 0, first, std::min(codes.count, first + stretch));
            }
        }
    }

  private:
    /// Adds codes as a product quantizer makes them.
    void put(size_t n, const uint8_t* codes) {
        const size_t first = index.ntotal;
        resize(first + n);
        for (size_t i = 0; i < n; ++i) {
            pack(codes + i * index.pq.code_size, index.pq.M, PackedPlace(index.codes.get(), index.M2, first + i));
        }
    }

    /// Makes blocks for so many vectors, new ones all zeros.
    void resize(size_t count) {
        const size_t before = index.codes.size();
        index.codes.resize(whole_blocks(count) * index.M2 / 2);
        index.ntotal2 = whole_blocks(count);
        index.ntotal = count;
        if (index.codes.size() > before) {
            std::fill(index.codes.get() + before, index.codes.get() + index.codes.size(), uint8_t(0));
        }
    }

    faiss::IndexPQFastScan& index;
};

} // namespace

FloatKind make_kind(faiss::IndexPQFastScan& index) {
    return std::make_unique<FastScanKind>(index);
}
