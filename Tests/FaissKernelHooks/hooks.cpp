#include "faiss_kernel_hooks.h"

#include <kernels/hamming.h>
#include <kernels/rabitq.h>
#include <kernels/scan.h>
#include <kernels/scan_filter.h>
#include <kernels/scan_packed.h>
#include <kernels/transform.h>
#include <searching/exact_search.h>
#include <searching/nearest_centroids.h>

#include <algorithm>
#include <numeric>
#include <vector>

void faiss_kernel_search(
        KernelLevel level,
        int is_l2,
        size_t d,
        const float* x,
        size_t nx,
        const float* y,
        size_t ny,
        size_t k,
        int may_round,
        float* distances,
        int64_t* labels) {
    const auto metric = is_l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
    const Comparison comparison(metric, d, level, may_round != 0);
    ExactSearch{comparison, x, nx, y, ny}.nearest(k, distances, labels);
}

void faiss_kernel_transform(
        KernelLevel level,
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const float* matrix,
        const float* offset,
        float* y) {
    transform(n, d_in, d_out, x, matrix, offset, y, level);
}

void faiss_kernel_assign(
        KernelLevel level,
        int is_l2,
        size_t d,
        const float* x,
        size_t nx,
        const float* centroids,
        size_t count,
        int may_round,
        float* distances,
        int64_t* labels) {
    assign_nearest(
            is_l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT,
            d,
            x,
            d,
            nx,
            centroids,
            count,
            labels,
            distances,
            nullptr,
            level,
            may_round != 0);
}

size_t faiss_kernel_hamming(
        KernelLevel level,
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        uint32_t* distances,
        uint32_t* positions) {
    size_t found = 0;
    for (size_t first = 0; first < count; first += hamming_run) {
        const size_t size = count - first < hamming_run ? count - first : hamming_run;
        const size_t more = hamming_kernels(level).find(
                query, rows + first * row_bytes, size, row_bytes, limit, distances + found, positions + found);
        for (size_t i = found; i < found + more; ++i) {
            positions[i] += static_cast<uint32_t>(first);
        }
        found += more;
    }
    return found;
}

void faiss_scan_rows(
        KernelLevel level,
        int is_l2,
        const float* queries,
        size_t query_count,
        const uint8_t* rows,
        size_t count,
        size_t dimension,
        const float* scale,
        const float* offset,
        float* out) {
    for (size_t query = 0; query < query_count; ++query) {
        for (size_t row = 0; row < count; row += scan_run) {
            float distances[scan_run];
            const ScanRows set{
                    rows + row * dimension, std::min(scan_run, count - row), dimension, scale, offset};
            scan_kernels(level).rows(
                    is_l2 ? ScanMetric::squaredL2 : ScanMetric::innerProduct,
                    queries + query * dimension,
                    set,
                    distances);
            std::copy_n(distances, set.count, out + query * count + row);
        }
    }
}

void faiss_scan_decode(
        KernelLevel level,
        const uint8_t* rows,
        size_t count,
        size_t dimension,
        const float* scale,
        const float* offset,
        float* out) {
    scan_kernels(level).decode({rows, count, dimension, scale, offset}, out);
}

void faiss_scan_encode(
        KernelLevel level,
        const float* x,
        size_t count,
        size_t dimension,
        const float* low,
        const float* width,
        uint8_t* codes) {
    scan_kernels(level).encode(x, count, dimension, low, width, codes);
}

void faiss_scan_extend_ranges(
        KernelLevel level,
        const float* x,
        size_t count,
        size_t dimension,
        float* low,
        float* high) {
    scan_kernels(level).extend_ranges(x, count, dimension, low, high);
}

void faiss_scan_table(
        KernelLevel level,
        const float* query,
        const float* transposed,
        size_t subquantizers,
        size_t width,
        size_t entries,
        float factor,
        float* table) {
    scan_kernels(level).table(query, transposed, subquantizers, width, entries, factor, table);
}

void faiss_scan_codes(
        KernelLevel level,
        const float* table,
        float base,
        const uint8_t* codes,
        const float* terms,
        size_t count,
        size_t subquantizers,
        float* out) {
    scan_kernels(level).codes(table, base, {codes, count, subquantizers, terms}, out);
}

size_t faiss_scan_filter(
        KernelLevel level,
        const float* table,
        float base,
        float limit,
        float made_for,
        const uint8_t* codes,
        const float* terms,
        size_t count,
        size_t subquantizers,
        uint16_t* positions) {
    const ScanFilterKernels* kernels = scan_filter_kernels(level);
    if (!kernels) {
        return SIZE_MAX;
    }
    std::vector<uint8_t> bytes(subquantizers * 256);
    const ScanFilter filter = kernels->make(table, subquantizers, made_for, bytes.data());
    return kernels->filter(filter, base, limit, {codes, count, subquantizers, terms}, positions);
}

void faiss_scan_packed_distances(
        const float* table,
        float base,
        const uint8_t* blocks,
        size_t count,
        size_t subquantizers,
        float* out) {
    const PackedCodes codes{blocks, count, subquantizers};
    for (size_t first = 0; first < count; first += packed_block) {
        packed_distances(table, base, codes, first / packed_block, out + first);
    }
}

size_t faiss_scan_packed_filter(
        KernelLevel level,
        const float* table,
        float base,
        float limit,
        float made_for,
        const uint8_t* blocks,
        size_t count,
        size_t subquantizers,
        uint16_t* positions) {
    const PackedKernels* kernels = packed_kernels(level);
    if (!kernels) {
        return SIZE_MAX;
    }
    std::vector<uint8_t> memory(subquantizers * 16 + 128);
    const auto address = reinterpret_cast<uintptr_t>(memory.data());
    uint8_t* bytes = memory.data() + (64 - address % 64) % 64;
    const PackedFilter filter = kernels->make(table, subquantizers, base, made_for, bytes);
    const int allowance = filter.allowance(base, limit, subquantizers);
    if (allowance < 0) {
        return 0;
    }
    const PackedCodes codes{blocks, count, subquantizers};
    return kernels->scan(bytes, std::min(allowance, 254), codes, 0, count, positions);
}

void faiss_rabitq_distances(
        KernelLevel level,
        size_t dimension,
        size_t bits,
        const uint8_t* blocks,
        size_t count,
        size_t queries,
        const int8_t* values,
        float step,
        float base,
        float* out) {
    const RaBitQLayout layout(dimension, bits);
    std::vector<RaBitQQuery> given;
    for (size_t query = 0; query < queries; ++query) {
        const int8_t* own = values + query * layout.query_bytes();
        const int sum = std::accumulate(own, own + layout.query_bytes(), 0);
        given.push_back({own, ((1 << bits) - 1) * sum, step, 0, base});
    }
    const size_t block_count = RaBitQLayout::blocks(count);
    rabitq_kernels(level).distances(
            layout, blocks, block_count, given.data(), queries, out, block_count * rabitq_block);
}

float faiss_rabitq_encode(KernelLevel level, const float* x, size_t dimension, size_t bits, uint8_t* code) {
    return rabitq_kernels(level).encode(x, dimension, bits, code).factor;
}

float faiss_rabitq_round(
        KernelLevel level,
        const float* x,
        const float* origin,
        size_t dimension,
        int8_t* values,
        size_t size) {
    return rabitq_kernels(level).round(x, origin, dimension, values, size).step;
}

void faiss_rabitq_turn(KernelLevel level, float* x, size_t dimension, const float* signs, int is_back) {
    rabitq_kernels(level).turn(x, dimension, signs, is_back != 0);
}
