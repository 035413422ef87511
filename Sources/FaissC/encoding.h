// Learning and encoding with our own kernels, to the codes that Faiss makes: scalar quantizers of 8 bits, and product
// quantizers in inverted lists.

#pragma once

#include <faiss/Index.h>
#include <faiss/IndexIVF.h>
#include <faiss/c_api/faiss_c.h>
#include <faiss/impl/ProductQuantizer.h>
#include <faiss/impl/ScalarQuantizer.h>

#include <vector>

/// Whether codes are bytes, each a part of its dimension's range.
inline bool has_byte_codes(const faiss::ScalarQuantizer& quantizer) {
    return quantizer.qtype == faiss::ScalarQuantizer::QT_8bit ||
            quantizer.qtype == faiss::ScalarQuantizer::QT_8bit_uniform;
}

/// The range of each dimension that has_byte_codes is about.
struct ByteRanges {
    explicit ByteRanges(const faiss::ScalarQuantizer& quantizer);
    std::vector<float> low, width;
};

/// Trains, and returns true, or returns false and leaves everything as it is where this is not the place for it.
bool train_bytes(faiss::Index& index, idx_t n, const float* x);

/// Adds likewise; also to flat codes of a product quantizer, which libfaiss makes by BLAS where they are long.
bool add_codes(faiss::Index& index, idx_t n, const float* x, int threads);

/// Adds to lists that were chosen, likewise; a vector of list -1 is counted and not stored, as in Faiss.
bool add_bytes_to_lists(
        faiss::IndexIVF& ivf,
        idx_t n,
        const float* x,
        const idx_t* ids,
        const idx_t* lists,
        int threads);

/// Whether the codes of inverted lists are of what is left of vectors beside their lists' centroids.
bool has_residual_codes(const faiss::IndexIVF& ivf);

/// What is left of vectors beside the centroids of their lists; all of one whose list is -1.
std::vector<float> residuals_of(const faiss::IndexIVF& ivf, idx_t n, const float* x, const idx_t* lists);

/// The codes of vectors or, with is_residual, of what is left of them beside the centroids of their lists.
std::vector<uint8_t> encode_for_lists(
        const faiss::IndexIVF& ivf,
        const faiss::ProductQuantizer& pq,
        bool is_residual,
        idx_t n,
        const float* x,
        const idx_t* lists,
        int threads);
