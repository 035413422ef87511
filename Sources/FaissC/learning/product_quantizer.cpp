#include "product_quantizer.h"

#include "../searching/nearest_centroids.h"

#include <algorithm>
#include <vector>

void train_quantizer(faiss::ProductQuantizer& pq, idx_t n, const float* x, Training& training, bool is_continued) {
    std::vector<float> part(n * pq.dsub);
    for (size_t m = 0; m < pq.M; ++m) {
        for (idx_t i = 0; i < n; ++i) {
            std::copy_n(x + i * pq.d + m * pq.dsub, pq.dsub, part.data() + i * pq.dsub);
        }
        KMeans kmeans = training.kmeans(pq.dsub, pq.ksub, pq.cp.niter);
        kmeans.initial = is_continued ? pq.get_centroids(m, 0) : nullptr;
        pq.set_params(kmeans.fit(n, part.data()).centroids.data(), static_cast<int>(m));
    }
}

size_t quantizer_steps(const faiss::ProductQuantizer& pq) {
    return pq.M * pq.cp.niter;
}

void encode(const faiss::ProductQuantizer& pq, const float* x, size_t n, uint8_t* codes) {
    const size_t at_once = 1024;
    std::vector<idx_t> labels(pq.M * std::min(n, at_once));
    for (size_t start = 0; start < n; start += at_once) {
        const size_t size = std::min(at_once, n - start);
        for (size_t m = 0; m < pq.M; ++m) {
            assign_nearest(
                    faiss::METRIC_L2,
                    pq.dsub,
                    x + start * pq.d + m * pq.dsub,
                    pq.d,
                    size,
                    pq.get_centroids(m, 0),
                    pq.ksub,
                    labels.data() + m * size,
                    nullptr);
        }
        for (size_t i = 0; i < size; ++i) {
            faiss::PQEncoderGeneric encoder(codes + (start + i) * pq.code_size, static_cast<int>(pq.nbits));
            for (size_t m = 0; m < pq.M; ++m) {
                encoder.encode(static_cast<uint64_t>(labels[m * size + i]));
            }
        }
    }
}
