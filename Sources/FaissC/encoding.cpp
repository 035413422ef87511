#include "encoding.h"

#include "kernels/assign.h"
#include "kernels/scan.h"
#include "threads.h"

#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexScalarQuantizer.h>

ByteRanges::ByteRanges(const faiss::ScalarQuantizer& quantizer) : low(quantizer.d), width(quantizer.d) {
    const bool is_uniform = quantizer.qtype == faiss::ScalarQuantizer::QT_8bit_uniform;
    for (size_t i = 0; i < quantizer.d; ++i) {
        low[i] = quantizer.trained[is_uniform ? 0 : i];
        width[i] = quantizer.trained[is_uniform ? 1 : quantizer.d + i];
    }
}

bool train_bytes(faiss::Index& index, idx_t n, const float* x) {
    auto* flat = dynamic_cast<faiss::IndexScalarQuantizer*>(&index);
    if (!flat || n < 1 || flat->sq.qtype != faiss::ScalarQuantizer::QT_8bit ||
        flat->sq.rangestat != faiss::ScalarQuantizer::RS_minmax || flat->sq.rangestat_arg != 0) {
        return false;
    }
    const size_t d = flat->sq.d;
    std::vector<float> trained(x, x + d); // The least of each dimension, then the width of its range.
    std::vector<float> most(x, x + d);
    // Some rows at a time, which stay in the cache while one dimension after the other is looked at.
    for (idx_t first = 0, rows = 64; first < n; first += rows) {
        scan_kernels(kernel_level())
                .extend_ranges(x + first * d, std::min(rows, n - first), d, trained.data(), most.data());
    }
    for (size_t i = 0; i < d; ++i) {
        trained.push_back(most[i] - trained[i]);
    }
    flat->sq.trained.swap(trained);
    flat->is_trained = true;
    return true;
}

bool add_codes(faiss::Index& index, idx_t n, const float* x, int threads) {
    if (auto* pq = dynamic_cast<faiss::IndexPQ*>(&index)) {
        pq->codes.resize((pq->ntotal + n) * pq->code_size);
        uint8_t* codes = pq->codes.data() + pq->ntotal * pq->code_size;
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            encode(pq->pq, x + first * pq->d, count, codes + first * pq->code_size);
        });
        pq->ntotal += n;
        return true;
    }
    auto* flat = dynamic_cast<faiss::IndexScalarQuantizer*>(&index);
    if (!flat || !has_byte_codes(flat->sq)) {
        return false;
    }
    const ByteRanges ranges(flat->sq);
    const size_t d = flat->d;
    flat->codes.resize((flat->ntotal + n) * d);
    uint8_t* codes = flat->codes.data() + flat->ntotal * d;
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        scan_kernels(kernel_level())
                .encode(x + first * d, count, d, ranges.low.data(), ranges.width.data(), codes + first * d);
    });
    flat->ntotal += n;
    return true;
}

bool has_residual_codes(const faiss::IndexIVF& ivf) {
    if (const auto* quantized = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(&ivf)) {
        return quantized->by_residual;
    }
    if (const auto* packed = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&ivf)) {
        return packed->by_residual;
    }
    const auto* ivfpq = dynamic_cast<const faiss::IndexIVFPQ*>(&ivf);
    return ivfpq && ivfpq->by_residual;
}

std::vector<float> residuals_of(const faiss::IndexIVF& ivf, idx_t n, const float* x, const idx_t* lists) {
    const size_t d = ivf.d;
    std::vector<float> residuals(x, x + n * d);
    std::vector<float> centroid(d);
    for (idx_t i = 0; i < n; ++i) {
        if (lists[i] >= 0) {
            ivf.quantizer->reconstruct(lists[i], centroid.data());
            for (size_t j = 0; j < d; ++j) {
                residuals[i * d + j] -= centroid[j];
            }
        }
    }
    return residuals;
}

bool add_bytes_to_lists(
        faiss::IndexIVF& ivf,
        idx_t n,
        const float* x,
        const idx_t* ids,
        const idx_t* lists,
        int threads) {
    auto* quantized = dynamic_cast<faiss::IndexIVFScalarQuantizer*>(&ivf);
    if (!quantized || !has_byte_codes(quantized->sq) || !ivf.direct_map.no()) {
        return false;
    }
    const ByteRanges ranges(quantized->sq);
    const size_t d = ivf.d;
    std::vector<uint8_t> codes(n * d);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        const float* vectors = x + first * d;
        std::vector<float> residuals;
        if (quantized->by_residual) {
            residuals = residuals_of(ivf, count, vectors, lists + first);
            vectors = residuals.data();
        }
        scan_kernels(kernel_level())
                .encode(vectors, count, d, ranges.low.data(), ranges.width.data(), codes.data() + first * d);
    });
    for (idx_t i = 0; i < n; ++i) {
        if (lists[i] >= 0) {
            ivf.invlists->add_entry(lists[i], ids[i], codes.data() + i * d);
        }
    }
    ivf.ntotal += n;
    return true;
}

std::vector<uint8_t> encode_for_lists(
        const faiss::IndexIVF& ivf,
        const faiss::ProductQuantizer& pq,
        bool is_residual,
        idx_t n,
        const float* x,
        const idx_t* lists,
        int threads) {
    std::vector<uint8_t> codes(n * pq.code_size);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        const float* vectors = x + first * ivf.d;
        std::vector<float> residuals;
        if (is_residual) {
            residuals = residuals_of(ivf, count, vectors, lists + first);
            vectors = residuals.data();
        }
        encode(pq, vectors, count, codes.data() + first * pq.code_size);
    });
    return codes;
}
