// Learning and encoding of product quantizers, to the codes that Faiss makes, by our own kernels.

#pragma once

#include "training.h"

#include <faiss/impl/ProductQuantizer.h>

/// Learns the centroids of each part of vectors or, with is_continued, improves those that are there.
void train_quantizer(
        faiss::ProductQuantizer& pq,
        idx_t n,
        const float* x,
        Training& training,
        bool is_continued = false);

/// How many steps that reports.
size_t quantizer_steps(const faiss::ProductQuantizer& pq);

/// The codes of n vectors, on the calling thread: what pq.compute_codes(x, codes, n) finds.
void encode(const faiss::ProductQuantizer& pq, const float* x, size_t n, uint8_t* codes);
