#include "transform.h"

#include "flat.h"
#include "rows.h"

#include <faiss_kernels.h>

#include <algorithm>
#include <vector>

namespace {

/// Vectors side by side; lanes without one have the last.
void fill_panel(const float* x, size_t count, size_t d, size_t width, float* values) {
    const size_t stretch = 16; // A line of the cache of each vector.
    for (size_t first = 0; first < d; first += stretch) {
        const size_t last = std::min(d, first + stretch);
        for (size_t lane = 0; lane < width; ++lane) {
            const float* vector = x + std::min(lane, count - 1) * d;
            for (size_t k = first; k < last; ++k) {
                values[k * width + lane] = vector[k];
            }
        }
    }
}

} // namespace

void transform(
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const float* matrix,
        const float* offset,
        float* y,
        FaissKernelLevel level) {
    const FlatKernels& kernels = flat_kernels(level);
    const std::vector<float> zeros(offset ? 0 : d_out);
    const float* terms = offset ? offset : zeros.data();
    // The panels stay in the second-level cache while blocks of the matrix, which stay there too, go by.
    const size_t bytes = 256 << 10;
    const size_t panels = std::max<size_t>(1, bytes / (d_in * kernels.wide * sizeof(float)));
    const size_t tile = 12;
    const size_t block = std::max<size_t>(1, bytes / (d_in * sizeof(float) * tile)) * tile;
    const size_t at_once = std::min(panels * kernels.wide, (n + kernels.wide - 1) / kernels.wide * kernels.wide);
    PanelMemory memory(at_once * d_in);
    std::vector<float> scores(std::min(block, d_out) * kernels.wide);
    for (size_t start = 0; start < n; start += at_once) {
        const size_t size = std::min(at_once, n - start);
        const auto width_of = [&](size_t first) {
            return size - first <= kernels.narrow ? kernels.narrow : kernels.wide;
        };
        for (size_t first = 0; first < size; first += kernels.wide) {
            const size_t count = std::min(kernels.wide, size - first);
            fill_panel(x + (start + first) * d_in, count, d_in, width_of(first), memory.get() + first * d_in);
        }
        for (size_t row = 0; row < d_out; row += block) {
            const RowBlock rows{matrix + row * d_in, terms + row, std::min(block, d_out - row)};
            for (size_t first = 0; first < size; first += kernels.wide) {
                const QueryPanel panel{memory.get() + first * d_in, width_of(first), d_in};
                kernels.score(panel, rows, scores.data());
                for (size_t lane = 0; lane < std::min(kernels.wide, size - first); ++lane) {
                    float* to = y + (start + first + lane) * d_out + row;
                    for (size_t i = 0; i < rows.count; ++i) {
                        to[i] = scores[i * panel.width + lane];
                    }
                }
            }
        }
    }
}

void faiss_kernel_transform(
        FaissKernelLevel level,
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const float* matrix,
        const float* offset,
        float* y) {
    transform(n, d_in, d_out, x, matrix, offset, y, level);
}
