#include "transform.h"

#include "panels.h"

#include <faiss_kernels.h>

#include <algorithm>
#include <vector>

void transform(
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const float* matrix,
        const float* offset,
        float* y,
        KernelLevel level) {
    const PanelKernels& kernels = panel_kernels(level);
    const size_t few = 2; // So few that making panels costs more than doing without.
    if (n <= few) {
        for (size_t i = 0; i < n; ++i) {
            kernels.transform_one(matrix, d_out, x + i * d_in, d_in, offset, y + i * d_out);
        }
        return;
    }
    const size_t width = kernels.wide;
    // A block of vectors stays in the second-level cache while the panels of a group, each made once, go by.
    const size_t group_bytes = 1 << 20, block_bytes = 256 << 10;
    const size_t tile = 12;
    const size_t group = std::max<size_t>(1, group_bytes / (d_in * width * sizeof(float))) * width;
    const size_t block = std::max<size_t>(4, block_bytes / (d_in * tile * sizeof(float))) * tile;
    PanelMemory panels(std::min(group, (d_out + width - 1) / width * width) * d_in);
    std::vector<float> offsets((d_out + width - 1) / width * width);
    if (offset) {
        std::copy_n(offset, d_out, offsets.begin());
    }
    std::vector<float> last(tile * width);
    for (size_t first = 0; first < d_out; first += group) {
        const size_t outputs = std::min(group, d_out - first);
        for (size_t lane = 0; lane < outputs; lane += width) {
            kernels.pack(
                    matrix + (first + lane) * d_in, std::min(width, outputs - lane), d_in, panels.get() + lane * d_in);
        }
        for (size_t start = 0; start < n; start += block) {
            const size_t size = std::min(block, n - start);
            for (size_t lane = 0; lane < outputs; lane += width) {
                const float* panel = panels.get() + lane * d_in;
                const float* own = offsets.data() + first + lane;
                const float* from = x + start * d_in;
                float* to = y + start * d_out + first + lane;
                const size_t count = std::min(width, outputs - lane);
                if (count == width) {
                    kernels.transform(panel, from, size, d_in, own, to, d_out);
                    continue;
                }
                for (size_t row = 0; row < size; row += tile) { // A panel wider than what is left of a vector.
                    const size_t rows = std::min(tile, size - row);
                    kernels.transform(panel, from + row * d_in, rows, d_in, own, last.data(), width);
                    for (size_t i = 0; i < rows; ++i) {
                        std::copy_n(last.data() + i * width, count, to + (row + i) * d_out);
                    }
                }
            }
        }
    }
}
