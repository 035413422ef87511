// Kinds that store codes one behind the other, whose positions are the labels.

#pragma once

#include "../large_pages.h"
#include "../threads.h"
#include "kind.h"

#include <faiss/IndexFlatCodes.h>
#include <faiss/impl/DistanceComputer.h>

#include <algorithm>

class CodesKind : public ScannedKind<float> {
  public:
    explicit CodesKind(faiss::IndexFlatCodes& index) : ScannedKind(metric_of(index), index.d), index(index) {}

    void train(idx_t, const float*, Training&) override {
        index.is_trained = true;
    }

    void reserve(idx_t n) override {
        reserve_on_large_pages(index.codes, (index.ntotal + n) * index.code_size);
    }

    size_t remove(size_t n, const idx_t* labels) override {
        return index.remove_ids(AscendingSelector(labels, n));
    }

    void reconstruct(size_t n, const idx_t* labels, float* x) const override {
        for (size_t i = 0; i < n; ++i) {
            check_position(labels[i], index.ntotal);
            index.reconstruct(labels[i], x + i * index.d);
        }
    }

    void take_vectors(FaissContents& contents) const override {
        contents.codes.assign(index.codes.data(), index.codes.data() + index.ntotal * index.code_size);
    }

    void append(const FaissContents& contents, idx_t, size_t n) override {
        FAISS_THROW_IF_NOT(contents.codes.size() == n * index.code_size);
        std::copy(contents.codes.begin(), contents.codes.end(), grow(n));
    }

  protected:
    /// Makes n more places and returns the first of their bytes.
    uint8_t* grow(size_t n) {
        const size_t end = index.ntotal * index.code_size;
        index.codes.resize(end + n * index.code_size);
        index.ntotal += n;
        return index.codes.data() + end;
    }

    /// Codes that have no kernel here, one after the other.
    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        const std::unique_ptr<faiss::DistanceComputer> computer(index.get_FlatCodesDistanceComputer());
        const ScanRun all{static_cast<size_t>(index.ntotal), nullptr, 0};
        for (idx_t query = 0; query < queries.count; ++query) {
            computer->set_query(queries.x + query * index.d);
            for (idx_t place = 0; place < index.ntotal; ++place) {
                if (collectors[query]->admits(place)) {
                    const float distance = sign_of(metric) * (*computer)(place);
                    collectors[query]->offer_one(distance, all, static_cast<size_t>(place));
                }
            }
        }
    }

    faiss::IndexFlatCodes& index;
};
