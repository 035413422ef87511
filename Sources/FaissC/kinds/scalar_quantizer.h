// Scalar-quantized vectors. Codes of 8 bits, each a part of its dimension's range, are learnt, made and searched by our
// kernels; those of 4, 6 and 16 bits by libfaiss.

#pragma once

#include "../kernels/scan.h"
#include "../searching/collector.h"
#include "../searching/comparison.h"

#include <faiss/impl/ScalarQuantizer.h>

#include <vector>

inline bool has_byte_codes(const faiss::ScalarQuantizer& quantizer) {
    return quantizer.qtype == faiss::ScalarQuantizer::QT_8bit;
}

/// Learns the range of each dimension.
void train_bytes(faiss::ScalarQuantizer& quantizer, size_t n, const float* x);

/// The bytes of n vectors, on the calling thread.
void encode_bytes(const faiss::ScalarQuantizer& quantizer, size_t n, const float* x, uint8_t* codes);

/// Offers rows of bytes to queries.
class ByteScan {
  public:
    ByteScan(const faiss::ScalarQuantizer& quantizer, const faiss::Index& index);

    /// @param queries     `count`, one after the other
    /// @param collectors  theirs
    /// @param biases      what is added to all distances of each, or NULL
    void scan(
            const uint8_t* codes,
            const idx_t* ids,
            size_t size,
            const float* queries,
            Collector* const* collectors,
            const float* biases,
            size_t count);

  private:
    const ScanKernels& kernels;
    const ScanMetric metric;
    const Comparison comparison;
    const size_t dimension;
    std::vector<float> scale, offset, floats;
};
