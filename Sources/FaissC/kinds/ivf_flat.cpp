// Vectors as they are in inverted lists: IndexIVFFlat. An exact search in each list.

#include "../searching/exact_scan.h"
#include "../searching/group_results.h"
#include "makers.h"
#include "row_lists.h"

namespace {

class FlatListsKind : public RowListsKind {
  public:
    FlatListsKind(faiss::IndexIVFFlat& index, faiss::IndexFlat& centroids, FileLists* file)
            : RowListsKind(index, centroids, false, file), index(index) {}

    std::unique_ptr<faiss::IndexIVF> without_vectors() const override {
        auto empty = std::make_unique<faiss::IndexIVFFlat>(&centroids, index.d, index.nlist, index.metric_type);
        empty->is_trained = true;
        return empty;
    }

    void describe(FaissIndexShape& shape) const override {
        RowListsKind::describe(shape);
        shape.kind = FAISS_KIND_FLAT;
    }

  protected:
    void train_codes(idx_t, const float*, Training&) override {}

    void store(idx_t n, const float* x, const idx_t* ids, const idx_t* lists, int threads) override {
        put(n, ids, lists, reinterpret_cast<const uint8_t*>(x), threads);
    }

    void encode(idx_t n, const float* x, uint8_t* codes) const override {
        std::memcpy(codes, x, n * index.code_size);
    }

    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        const size_t d = index.d;
        const Comparison comparison(index.metric_type, d);
        std::vector<float> own;
        std::vector<Collector*> group;
        for_each_probed_part(queries, collectors, [&](ListRows part, idx_t, const Probe* probes, size_t count) {
            own.resize(count * d);
            group.resize(count);
            for (size_t i = 0; i < count; ++i) {
                std::copy_n(queries.x + probes[i].query * d, d, own.data() + i * d);
                group[i] = collectors[probes[i].query];
            }
            GroupResults results{group.data(), nullptr, part.ids, 0};
            const auto* rows = reinterpret_cast<const float*>(part.codes);
            scan_queries(comparison, own.data(), d, 0, count, rows, nullptr, part.size, results);
        });
    }

  private:
    faiss::IndexIVFFlat& index;
};

} // namespace

FloatKind make_kind(faiss::IndexIVFFlat& index, faiss::IndexFlat& centroids, FileLists* file) {
    return std::make_unique<FlatListsKind>(index, centroids, file);
}
