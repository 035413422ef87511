// The functions of the official C API that the Swift layer uses, under their official names. libfaiss-dev ships their
// headers without their code.

#include "guarded.h"
#include "kinds/flat.h"

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/IndexIVFFlat_c.h>
#include <faiss/c_api/IndexIVF_c.h>
#include <faiss/c_api/IndexScalarQuantizer_c.h>
#include <faiss/c_api/impl/AuxIndexStructures_c.h>
#include <faiss/c_api/utils/distances_c.h>
#include <faiss/impl/AuxIndexStructures.h>

#include <cstdio>

namespace {

thread_local char last_error[2048] = "";

faiss::RangeSearchResult* cpp(FaissRangeSearchResult* result) {
    return reinterpret_cast<faiss::RangeSearchResult*>(result);
}

} // namespace

void remember_error(const char* message) noexcept {
    snprintf(last_error, sizeof last_error, "%s", message);
}

extern "C" {

const char* faiss_get_last_error() {
    return last_error;
}

// MARK: Index

void faiss_Index_free(FaissIndex* index) {
    delete cpp(index);
}

int faiss_Index_d(const FaissIndex* index) {
    return static_cast<int>(cpp(index)->d);
}

idx_t faiss_Index_ntotal(const FaissIndex* index) {
    return cpp(index)->ntotal;
}

FaissMetricType faiss_Index_metric_type(const FaissIndex* index) {
    return static_cast<FaissMetricType>(cpp(index)->metric_type);
}

void faiss_IndexBinary_free(FaissIndexBinary* index) {
    delete cpp(index);
}

int faiss_IndexBinary_d(const FaissIndexBinary* index) {
    return cpp(index)->d;
}

idx_t faiss_IndexBinary_ntotal(const FaissIndexBinary* index) {
    return cpp(index)->ntotal;
}

// MARK: Construction

int faiss_IndexFlat_new_with(FaissIndexFlat** p_index, idx_t d, FaissMetricType metric) {
    return guarded([&] { *p_index = c(new FlatIndex(d, static_cast<faiss::MetricType>(metric))); });
}

int faiss_IndexIVFFlat_new_with_metric(
        FaissIndexIVFFlat** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexIVFFlat(cpp(quantizer), d, nlist, static_cast<faiss::MetricType>(metric)));
    });
}

void faiss_IndexIVF_set_own_fields(FaissIndexIVF* index, int own_fields) {
    static_cast<faiss::IndexIVF*>(cpp(index))->own_fields = own_fields != 0;
}

int faiss_IndexScalarQuantizer_new_with(
        FaissIndexScalarQuantizer** p_index,
        idx_t d,
        FaissQuantizerType qt,
        FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexScalarQuantizer(
                static_cast<int>(d),
                static_cast<faiss::ScalarQuantizer::QuantizerType>(qt),
                static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexIVFScalarQuantizer_new_with_metric(
        FaissIndexIVFScalarQuantizer** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        FaissQuantizerType qt,
        FaissMetricType metric,
        int encode_residual) {
    return guarded([&] {
        *p_index = c(new faiss::IndexIVFScalarQuantizer(
                cpp(quantizer),
                d,
                nlist,
                static_cast<faiss::ScalarQuantizer::QuantizerType>(qt),
                static_cast<faiss::MetricType>(metric),
                encode_residual != 0));
    });
}

// MARK: RangeSearchResult

int faiss_RangeSearchResult_new(FaissRangeSearchResult** p_rsr, idx_t nq) {
    return guarded([&] {
        *p_rsr = reinterpret_cast<FaissRangeSearchResult*>(new faiss::RangeSearchResult(nq));
    });
}

void faiss_RangeSearchResult_free(FaissRangeSearchResult* result) {
    delete cpp(result);
}

void faiss_RangeSearchResult_lims(FaissRangeSearchResult* result, size_t** lims) {
    *lims = cpp(result)->lims;
}

void faiss_RangeSearchResult_labels(FaissRangeSearchResult* result, idx_t** labels, float** distances) {
    *labels = cpp(result)->labels;
    *distances = cpp(result)->distances;
}

} // extern "C"
