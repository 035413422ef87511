// Many queries against many rows: matrix products whose results never go to memory, for nearly all of them are of no
// interest.
//
// Queries stand side by side in the lanes of vectors, so that a row is read as it lies in memory, and so that a
// comparison with every query's own threshold is one instruction for a whole vector of them.

#pragma once

#include "levels.h"

#include <stddef.h>
#include <stdint.h>

#include <vector>

/// Queries, transposed: value i of query q stands at values[i * width + q]. A query's score for a row y is
/// rowTerm(y) + Σ values · y; what is nearer has a smaller score.
struct QueryPanel {
    const float* values;
    size_t width; ///< PanelKernels::narrow or wide
    size_t d;
};

/// Rows one after the other, and what is added to each one's scores.
struct RowBlock {
    const float* values;
    const float* terms;
    size_t count;
};

/// Told of a query and a row whose score is not above the query's threshold. May lower thresholds.
typedef void (*PanelOffer)(void* context, size_t query, size_t row);

struct PanelKernels {
    /// How many queries a panel may have; one with fewer is filled up by the caller.
    size_t narrow, wide;
    /// Offers all that is not above the thresholds, row by row in ascending order for each query.
    void (*filter)(QueryPanel panel, RowBlock rows, const float* thresholds, PanelOffer offer, void* context);
    /// Writes all scores: a row's at scores[row * width].
    void (*score)(QueryPanel panel, RowBlock rows, float* scores);
    /// The least score of each query in each of `groups` groups of rows, where row r belongs to group r % groups:
    /// that of a group at least[group * width]. Scores that are no numbers don't count.
    void (*find_least_in_groups)(const float* scores, size_t count, size_t width, size_t groups, float* least);
    /// What `filter` does, with scores that are known.
    void (*filter_scores)(
            const float* scores,
            size_t count,
            size_t width,
            const float* thresholds,
            PanelOffer offer,
            void* context);
    /// Lowers each query's least score and sets the row that has it, the first of equals. `first` is the number of the
    /// block's first row.
    void (*find_least)(QueryPanel panel, RowBlock rows, int32_t first, float* scores, int32_t* indices);
    /// The sum of squares of each lane.
    void (*squares)(QueryPanel panel, float* squares);
    /// The products of `count` rows of d numbers with one vector x, and an offset for each row (or NULL). Each is one sum
    /// over ascending places, to which the offset is added at last.
    void (*transform_one)(
            const float* rows,
            size_t count,
            const float* x,
            size_t d,
            const float* offset,
            float* y);
    /// Makes a wide panel of up to `wide` rows of d numbers; what is missing is zeros.
    void (*pack)(const float* rows, size_t count, size_t d, float* values);
    /// The same numbers for many vectors: `count` rows x times a wide panel, those of a row at y[row * stride].
    void (*transform)(
            const float* panel,
            const float* x,
            size_t count,
            size_t d,
            const float* offset,
            float* y,
            size_t stride);
};

/// The table of a level that this processor has.
const PanelKernels& panel_kernels(KernelLevel level);

/// Memory for panels, aligned to lines of the cache.
class PanelMemory {
  public:
    explicit PanelMemory(size_t floats) : memory(floats + 16) {}
    float* get() {
        const auto address = reinterpret_cast<uintptr_t>(memory.data());
        return reinterpret_cast<float*>((address + 63) / 64 * 64);
    }

  private:
    std::vector<float> memory;
};
