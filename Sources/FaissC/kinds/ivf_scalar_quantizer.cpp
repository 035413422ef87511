// Scalar-quantized vectors in inverted lists: IndexIVFScalarQuantizer.

#include "makers.h"
#include "row_lists.h"
#include "scalar_quantizer.h"

namespace {

class ScalarQuantizerListsKind : public RowListsKind {
  public:
    ScalarQuantizerListsKind(
            faiss::IndexIVFScalarQuantizer& index,
            faiss::IndexFlat& centroids,
            FileLists* file)
            : RowListsKind(index, centroids, index.by_residual, file), index(index) {}

    bool has_rows() const override {
        return has_byte_codes(index.sq); // libfaiss searches the others, which knows of no file.
    }

    std::unique_ptr<faiss::IndexIVF> without_vectors() const override {
        auto empty = std::make_unique<faiss::IndexIVFScalarQuantizer>(
                &centroids, index.d, index.nlist, index.sq.qtype, index.metric_type, index.by_residual);
        empty->sq = index.sq;
        empty->is_trained = true;
        return empty;
    }

    void search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const override {
        if (has_byte_codes(index.sq)) {
            ListsKind::search(queries, k, distances, labels);
            return;
        }
        const Selectors selectors(queries.options);
        const auto parameters = parameters_for_libfaiss(queries, selectors);
        index.search(queries.count, queries.x, k, distances, labels, &parameters);
    }

    void search_within(
            const Queries<float>& queries,
            float radius,
            faiss::RangeSearchResult& result) const override {
        if (has_byte_codes(index.sq)) {
            ListsKind::search_within(queries, radius, result);
            return;
        }
        const Selectors selectors(queries.options);
        const auto parameters = parameters_for_libfaiss(queries, selectors);
        index.range_search(queries.count, queries.x, radius, &result, &parameters);
    }

    void describe(FaissIndexShape& shape) const override {
        RowListsKind::describe(shape);
        shape.kind = FAISS_KIND_SQ;
        shape.qtype = index.sq.qtype;
        shape.bytes += index.sq.trained.size() * sizeof(float);
    }

    void take_training(FaissContents& contents) const override {
        ListsKind::take_training(contents);
        contents.decide("the ranges of the scalar quantizer", index.sq.trained.data(), index.sq.trained.size());
    }

  protected:
    void train_codes(idx_t n, const float* x, Training&) override {
        index.train(n, x); // Of lists only what they store is left to learn.
    }

    void encode(idx_t n, const float* x, uint8_t* codes) const override {
        if (has_byte_codes(index.sq)) {
            encode_bytes(index.sq, n, x, codes);
        } else {
            index.sq.compute_codes(x, codes, n);
        }
    }

    /// By squared L2, residuals are compared with the residual of the query; by inner product, with the query.
    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        const size_t d = index.d;
        const bool has_biases = is_residual && metric == ScanMetric::innerProduct;
        ByteScan scan(index.sq, index);
        std::vector<float> own, biases;
        std::vector<Collector*> group;
        for_each_probed_part(queries, collectors, [&](ListRows part, idx_t list, const Probe* probes, size_t count) {
            own.resize(count * d);
            group.resize(count);
            biases.resize(count);
            const float* origin = is_residual && !has_biases ? centroid(list) : nullptr;
            for (size_t i = 0; i < count; ++i) {
                const float* x = queries.x + probes[i].query * d;
                for (size_t j = 0; j < d; ++j) {
                    own[i * d + j] = origin ? x[j] - origin[j] : x[j];
                }
                group[i] = collectors[probes[i].query];
                biases[i] = -probes[i].distance;
            }
            scan.scan(
                    part.codes,
                    part.ids,
                    part.size,
                    own.data(),
                    group.data(),
                    has_biases ? biases.data() : nullptr,
                    count);
        });
    }

  private:
    static faiss::SearchParametersIVF parameters_for_libfaiss(
            const Queries<float>& queries,
            const Selectors& selectors) {
        faiss::SearchParametersIVF parameters;
        parameters.nprobe = queries.options.nprobe;
        parameters.sel = selectors.get();
        return parameters;
    }

    faiss::IndexIVFScalarQuantizer& index;
};

} // namespace

FloatKind make_kind(faiss::IndexIVFScalarQuantizer& index, faiss::IndexFlat& centroids, FileLists* file) {
    return std::make_unique<ScalarQuantizerListsKind>(index, centroids, file);
}
