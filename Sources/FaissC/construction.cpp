// The constructors of faiss_extension.h.

#include "guarded.h"
#include "kinds/kinds.h"
#include "kinds/rabitq.h"

#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHNSW.h>
#include <faiss/IndexBinaryIVF.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexRefine.h>

extern "C" {

int faiss_IndexIVFPQ_new_with_metric(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t M,
        size_t nbits,
        FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexIVFPQ(
                cpp(quantizer), d, nlist, M, nbits, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexPQ_new_with(FaissIndex** p_index, idx_t d, size_t M, size_t nbits, FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexPQ(static_cast<int>(d), M, nbits, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexPQFastScan_new_with(FaissIndex** p_index, idx_t d, size_t M, FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexPQFastScan(static_cast<int>(d), M, 4, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexIVFPQFastScan_new_with_metric(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t M,
        FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexIVFPQFastScan(
                cpp(quantizer), d, nlist, M, 4, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_RaBitQ_new_with(FaissIndex** p_index, idx_t d, size_t nbits, FaissMetricType metric) {
    return guarded([&] { *p_index = c(new RaBitQIndex(d, nbits, static_cast<faiss::MetricType>(metric))); });
}

int faiss_IVFRaBitQ_new_with(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t nbits,
        FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new RaBitQLists(cpp(quantizer), d, nlist, nbits, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexHNSWFlat_new_with(FaissIndex** p_index, idx_t d, int M, int efConstruction, FaissMetricType metric) {
    return guarded([&] {
        auto index = std::make_unique<faiss::IndexHNSWFlat>(
                static_cast<int>(d), M, static_cast<faiss::MetricType>(metric));
        index->hnsw.efConstruction = efConstruction;
        *p_index = c(index.release());
    });
}

int faiss_IndexPreTransform_new_prepending(FaissIndex** p_index, const FaissTransform* transform, FaissIndex* inner) {
    return guarded([&] {
        std::unique_ptr<faiss::VectorTransform> made;
        switch (transform->kind) {
            case FAISS_TRANSFORM_PCA:
                made = std::make_unique<faiss::PCAMatrix>(
                        transform->d_in,
                        transform->d_out,
                        transform->is_whitened ? -0.5f : 0,
                        transform->is_rotated != 0);
                break;
            case FAISS_TRANSFORM_OPQ:
                made = std::make_unique<faiss::OPQMatrix>(transform->d_in, transform->M, transform->d_out);
                break;
            case FAISS_TRANSFORM_ROTATION:
                made = std::make_unique<faiss::RandomRotationMatrix>(transform->d_in, transform->d_out);
                break;
            case FAISS_TRANSFORM_NORMALIZATION:
                made = std::make_unique<faiss::NormalizationTransform>(transform->d_in, 2.0f);
                break;
            case FAISS_TRANSFORM_FAST_ROTATION:
                made = std::make_unique<FastRotation>(transform->d_in);
                break;
            default:
                FAISS_THROW_MSG("a transform of an unknown kind");
        }
        made->is_trained = transform->kind == FAISS_TRANSFORM_NORMALIZATION;
        auto* pre = with_transforms(*cpp(inner));
        std::unique_ptr<faiss::IndexPreTransform> around;
        if (!pre) {
            around = std::make_unique<faiss::IndexPreTransform>(cpp(inner));
            pre = around.get();
        }
        pre->chain.reserve(pre->chain.size() + 1); // What follows must not fail once the transform has an owner.
        pre->prepend_transform(made.get());
        made.release();
        pre->own_fields = true;
        around.release();
        *p_index = c(pre);
    });
}

int faiss_IndexRefineFlat_new_around(FaissIndex** p_index, FaissIndex* base, float k_factor) {
    return guarded([&] {
        auto index = std::make_unique<faiss::IndexRefineFlat>(cpp(base));
        index->k_factor = k_factor;
        index->own_fields = true;
        *p_index = c(index.release());
    });
}

// MARK: Bits

int faiss_IndexBinaryFlat_new_with(FaissIndexBinary** p_index, idx_t d) {
    return guarded([&] { *p_index = c(new faiss::IndexBinaryFlat(d)); });
}

int faiss_IndexBinaryIVF_new_with(FaissIndexBinary** p_index, idx_t d, size_t nlist) {
    return guarded([&] {
        auto quantizer = std::make_unique<faiss::IndexBinaryFlat>(d);
        auto ivf = std::make_unique<faiss::IndexBinaryIVF>(quantizer.get(), static_cast<size_t>(d), nlist);
        (void)quantizer.release();
        ivf->own_fields = true;
        *p_index = c(ivf.release());
    });
}

int faiss_IndexBinaryHNSW_new_with(FaissIndexBinary** p_index, idx_t d, int M, int efConstruction) {
    return guarded([&] {
        auto index = std::make_unique<faiss::IndexBinaryHNSW>(static_cast<int>(d), M);
        index->hnsw.efConstruction = efConstruction;
        *p_index = c(index.release());
    });
}

} // extern "C"
