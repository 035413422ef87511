// Vectors as they are, one behind the other: IndexFlat. Every search of them is exact, and by our kernels.

#pragma once

#include "codes.h"

#include <faiss/IndexFlat.h>

class FlatKind : public CodesKind {
  public:
    explicit FlatKind(faiss::IndexFlat& index);

    void add(idx_t n, const float* x, const idx_t* ids, int threads) override;
    void search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const override;
    void search_within(
            const Queries<float>& queries,
            float radius,
            faiss::RangeSearchResult& result) const override;
    void describe(FaissIndexShape& shape) const override;
    void take_training(FaissContents&) const override {}

  private:
    faiss::IndexFlat& flat;
};

/// A flat index that libfaiss, too, searches with our kernels where it serves as the quantizer of inverted lists. In a file
/// it is an IndexFlat.
struct FlatIndex : faiss::IndexFlat {
    FlatIndex(idx_t d, faiss::MetricType metric) : IndexFlat(d, metric) {}

    void search(
            idx_t n,
            const float* x,
            idx_t k,
            float* distances,
            idx_t* labels,
            const faiss::SearchParameters* params = nullptr) const override;
};
