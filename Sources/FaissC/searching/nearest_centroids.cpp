#include "nearest_centroids.h"

#include "exact_scan.h"

namespace {

/// The nearest, where one that is likely to be near is known beforehand: there is little that can be nearer.
class NearestGuessed : public NearestRows {
  public:
    NearestGuessed(
            const Comparison& comparison,
            const float* x,
            size_t stride,
            const float* centroids,
            const idx_t* guesses,
            float* keys,
            idx_t* labels)
            : NearestRows(comparison, 1, keys, labels),
              comparison(comparison),
              x(x),
              stride(stride),
              centroids(centroids),
              guesses(guesses) {}

    void begin(size_t first, size_t count) {
        NearestRows::begin(first, count);
        for (size_t i = first; guesses && i < first + count; ++i) {
            if (guesses[i] >= 0) {
                const float* guess = centroids + static_cast<size_t>(guesses[i]) * comparison.d;
                offer(i, guesses[i], comparison.of_stored(comparison.key(x + i * stride, guess)));
            }
        }
    }

  private:
    const Comparison& comparison;
    const float* const x;
    const size_t stride;
    const float* const centroids;
    const idx_t* const guesses;
};

/// The nearest by differences.
void find_nearest(
        const Comparison& comparison,
        const float* query,
        const float* centroids,
        size_t count,
        idx_t* label,
        float* distance) {
    NearestRows nearest(comparison, 1, distance, label);
    nearest.begin(0, 1);
    scan_rows(comparison, query, 0, centroids, nullptr, count, nearest);
    nearest.finish(0, 1);
}

/// Looks at every score, without a branch: best where vectors are short. Where rounding might matter, as far from the
/// origin or where a point is all but a centroid, the centroids are looked at once more.
void find_least(
        const Comparison& comparison,
        const float* x,
        size_t stride,
        size_t n,
        const float* centroids,
        size_t count,
        idx_t* labels,
        float* distances) {
    const size_t d = comparison.d;
    const size_t wide = comparison.many.wide;
    const size_t at_once = std::min(queries_at_once(comparison), (n + wide - 1) / wide * wide);
    PanelMemory memory(at_once * d);
    std::vector<float> scores(at_once);
    std::vector<int32_t> indices(at_once);
    std::vector<float> squares(comparison.is_l2 ? at_once : 0);
    RowBlocks blocks(comparison, centroids, nullptr, count);
    for (size_t start = 0; start < n; start += at_once) {
        const size_t size = std::min(at_once, n - start);
        const PreparedQueries queries(comparison, x + start * stride, stride, size);
        std::fill(scores.begin(), scores.end(), FLT_MAX);
        std::fill(indices.begin(), indices.end(), -1);
        std::vector<Panel> panels;
        for (size_t query = 0; query < size; query += wide) {
            panels.emplace_back(comparison, queries, query, std::min(wide, size - query), memory.get() + query * d);
        }
        float greatest_square = 0;
        for (blocks.rewind(); blocks.next();) {
            greatest_square = std::max(greatest_square, blocks.greatest_square);
            for (const Panel& panel : panels) {
                comparison.many.find_least(
                        panel.native,
                        blocks.block,
                        static_cast<int32_t>(blocks.first),
                        scores.data() + panel.first,
                        indices.data() + panel.first);
            }
        }
        for (const Panel& panel : panels) {
            if (comparison.is_l2) {
                comparison.many.squares(panel.native, squares.data() + panel.first);
            }
        }
        const float largest = std::sqrt(greatest_square);
        const float factor = Panel::factor(comparison);
        // How far the scores of two centroids can be apart by rounding, and of which part of a distance that is too much.
        const float rounding = static_cast<float>(d + 4) * FLT_EPSILON;
        const float doubt = 0.05f;
        for (size_t i = 0; i < size; ++i) {
            const int32_t nearest = indices[i];
            labels[start + i] = nearest;
            if (comparison.is_l2) {
                const float square = squares[i] / (factor * factor);
                const float reach = std::sqrt(square) + largest;
                if (rounding * reach * reach > doubt * (scores[i] + square)) {
                    float distance;
                    find_nearest(comparison, queries[i], centroids, count, labels + start + i, &distance);
                    if (distances) {
                        distances[start + i] = distance;
                    }
                    continue;
                }
            }
            if (distances) {
                distances[start + i] = comparison.distance(
                        nearest < 0 ? FLT_MAX : comparison.key(queries[i], centroids + static_cast<size_t>(nearest) * d));
            }
        }
    }
}

} // namespace

void assign_nearest(
        faiss::MetricType metric,
        size_t d,
        const float* x,
        size_t stride,
        size_t n,
        const float* centroids,
        size_t count,
        idx_t* labels,
        float* distances,
        const idx_t* guesses,
        KernelLevel level,
        bool may_round) {
    const Comparison comparison(metric, d, level, may_round);
    const size_t fewest_dimensions = 48; // Measured: from here on a filter by rounded values costs less.
    if (!comparison.rounded || d < fewest_dimensions) {
        find_least(comparison, x, stride, n, centroids, count, labels, distances);
        return;
    }
    std::vector<float> keys(distances ? 0 : n);
    NearestGuessed results(
            comparison, x, stride, centroids, guesses, distances ? distances : keys.data(), labels);
    scan_queries(comparison, x, stride, 0, n, centroids, nullptr, count, results);
}
