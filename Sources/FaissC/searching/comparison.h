// Queries and rows in the form that PanelKernels take, for exact search and for assignment alike.

#pragma once

#include "../versions.h"
#include "../kernels/panels.h"
#include "../kernels/panels_bfloat16.h"

#include <faiss/c_api/faiss_c.h>

#include <algorithm>
#include <cfloat>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

/// What is searched for what: squared L2 distances or inner products of queries and rows.
///
/// In here a key takes the place of both: the squared distance, or the inner product's negative, so that what is nearer
/// has a smaller key. Negative queries make negative products, to the bit.
struct Comparison {
    /// @param may_round  whether a filter may look at rounded values first
    Comparison(
            faiss::MetricType metric,
            size_t d,
            KernelLevel level = kernel_level(),
            bool may_round = true)
            : is_l2(metric == faiss::METRIC_L2),
              d(d),
              one(*faiss_distance_kernels(level)),
              many(panel_kernels(level)),
              rounded(may_round ? bfloat16_kernels(level) : nullptr) {}

    float key(const float* query, const float* row) const {
        return (is_l2 ? one.squared_l2 : one.inner_product)(query, row, d);
    }

    /// The keys of rows one after the other.
    void keys(const float* query, const float* rows, size_t count, float* keys) const {
        (is_l2 ? one.squared_l2_rows : one.inner_product_rows)(keys, query, rows, d, count);
    }

    /// The keys of the rows that are listed.
    void keys(const float* query, const float* rows, const int32_t* listed, size_t count, float* keys) const {
        (is_l2 ? one.squared_l2_listed : one.inner_product_listed)(keys, query, rows, d, listed, count);
    }

    /// The same of those that are smaller than the limit, and of the others any that are not.
    void keys(const float* query, const float* rows, const int32_t* listed, size_t count, float limit, float* keys) const {
        if (is_l2) {
            one.squared_l2_nearer(keys, query, rows, d, listed, count, limit);
        } else {
            this->keys(query, rows, listed, count, keys);
        }
    }

    /// How far a sum over products and a key can be from what they would be if nothing were rounded, together, and some
    /// more, for a query of this length and rows up to the largest.
    float rounding(float length, float largest) const {
        const auto numbers = static_cast<float>(d);
        const float factor = (2.5f * numbers + 64) * FLT_EPSILON / 2;
        const float magnitude = is_l2 ? (length + largest) * (length + largest) : length * largest;
        // What is smaller than any number with all its digits is lost whole.
        return factor * magnitude + (numbers + 64) * FLT_MIN * (1 + length + largest);
    }

    /// The key of two rows, where both came in as they are stored.
    float of_stored(float key) const {
        return is_l2 ? key : -key;
    }

    /// A key as the distance that is handed out; never -0.
    float distance(float key) const {
        return is_l2 ? key : 0 - key;
    }

    /// A distance that was handed out as the key that it came from.
    float key_of(float distance) const {
        return of_stored(distance);
    }

    const bool is_l2;
    const size_t d;
    const FaissDistanceKernels& one;
    const PanelKernels& many;
    /// Or NULL.
    const Bfloat16Kernels* const rounded;
};

/// Some queries as one comparison takes them: negative for inner products.
class PreparedQueries {
  public:
    /// @param stride  how far apart the queries are, d or more
    PreparedQueries(const Comparison& comparison, const float* x, size_t stride, size_t count) : x(x), stride(stride) {
        const size_t d = comparison.d;
        if (!comparison.is_l2) {
            negative.resize(count * d);
            for (size_t i = 0; i < count; ++i) {
                std::transform(x + i * stride, x + i * stride + d, &negative[i * d], [](float value) { return -value; });
            }
            this->x = negative.data();
            this->stride = d;
        }
    }

    const float* operator[](size_t query) const {
        return x + query * stride;
    }

  private:
    const float* x;
    size_t stride;
    std::vector<float> negative;
};

/// Up to `wide` queries beside each other.
class Panel {
  public:
    /// `values` has room for wide * d.
    Panel(const Comparison& comparison, const PreparedQueries& queries, size_t first, size_t count, float* values)
            : first(first),
              count(count),
              native{values, count <= comparison.many.narrow ? comparison.many.narrow : comparison.many.wide, comparison.d} {
        const float* lanes[32];
        for (size_t lane = 0; lane < native.width; ++lane) {
            lanes[lane] = queries[first + std::min(lane, count - 1)];
        }
        for (size_t i = 0; i < native.d; ++i) {
            for (size_t lane = 0; lane < native.width; ++lane) {
                values[i * native.width + lane] = factor(comparison) * lanes[lane][i];
            }
        }
    }

    /// What a query is multiplied by, so that its products with a row are part of a score.
    static float factor(const Comparison& comparison) {
        return comparison.is_l2 ? -2.0f : 1.0f;
    }

    const size_t first, count;
    const QueryPanel native; // Lanes without a query repeat the last one, whose numbers are as harmless as any.
};

/// The same with rounded values.
class RoundedPanel {
  public:
    /// `values` has room for width * pairs.
    RoundedPanel(const Comparison& comparison, const PreparedQueries& queries, size_t first, size_t count, uint32_t* values)
            : first(first), count(count), values(values), pairs((comparison.d + 1) / 2) {
        const size_t width = comparison.rounded->width;
        const size_t d = comparison.d;
        std::vector<float> scaled(d);
        std::vector<uint32_t> lanes(width * pairs);
        for (size_t lane = 0; lane < width; ++lane) {
            const float* query = queries[first + std::min(lane, count - 1)];
            for (size_t i = 0; i < d; ++i) {
                scaled[i] = Panel::factor(comparison) * query[i];
            }
            lost[lane] = comparison.rounded->round(scaled.data(), 1, d, lanes.data() + lane * pairs);
        }
        for (size_t i = 0; i < pairs; ++i) {
            for (size_t lane = 0; lane < width; ++lane) {
                values[i * width + lane] = lanes[lane * pairs + i];
            }
        }
    }

    const size_t first, count;
    const uint32_t* const values;
    const size_t pairs;
    /// For each query the length of what rounding took away.
    float lost[32];
};

/// Cuts the rows into blocks that fit in the second-level cache beside a panel, and computes what PanelKernels want
/// to know about each block.
class RowBlocks {
  public:
    /// @param members  the numbers of the rows that matter, or NULL if all do
    /// @param is_rounded  whether RoundedPanels shall go over them
    /// @param is_merged   whether equal rows of a block shall be one row, where they are many
    RowBlocks(
            const Comparison& comparison,
            const float* rows,
            const idx_t* members,
            size_t count,
            bool is_rounded = false,
            bool is_merged = false)
            : comparison(comparison), rows(rows), members(members), count(count), is_merged(is_merged) {
        const size_t bytes = 256 << 10;
        const size_t tile = 12;
        size = std::min(std::max<size_t>(bytes / (comparison.d * sizeof(float) * tile), 8) * tile, count);
        terms.resize(size);
        if (members) {
            gathered.resize(size * comparison.d);
        }
        if (is_rounded) {
            pairs.resize(size * ((comparison.d + 1) / 2));
        }
    }

    /// Begins anew.
    void rewind() {
        next_first = 0;
    }

    /// Goes on to the next block.
    bool next() {
        if (next_first == count) {
            return false;
        }
        const bool is_made = block.count > 0 && first == next_first;
        first = next_first;
        const size_t row_count = std::min(size, count - first);
        next_first = first + row_count;
        if (is_made) {
            return true; // The only block, once more.
        }
        const size_t d = comparison.d;
        block.count = row_count;
        block.values = rows + first * d;
        if (members) {
            for (size_t i = 0; i < block.count; ++i) {
                std::copy_n(rows + static_cast<size_t>(members[first + i]) * d, d, gathered.data() + i * d);
            }
            block.values = gathered.data();
        }
        equal.clear();
        if (is_merged) {
            merge_equal_rows();
        }
        float largest = 0;
        for (size_t i = 0; i < block.count; ++i) {
            const float* row = block.values + i * d;
            terms[i] = comparison.one.inner_product(row, row, d);
            largest = std::max(largest, terms[i]);
        }
        greatest_square = largest;
        if (!pairs.empty()) {
            lost = comparison.rounded->round(block.values, block.count, d, pairs.data());
        }
        if (!comparison.is_l2) {
            std::fill(terms.begin(), terms.end(), 0.0f);
        }
        block.terms = terms.data();
        return true;
    }

    /// Calls body with the number of a row of the block and, in ascending order, those of its equals, until it answers
    /// that it wants no more.
    template <class Body>
    void for_each_id(size_t row, const Body& body) const {
        if (equal.empty()) {
            (void)body(id(row));
            return;
        }
        for (size_t place = starts[row]; place < starts[row + 1] && body(id(equal[place])); ++place) {
        }
    }

    /// The number of the block's first row among those that matter.
    size_t first = 0;
    RowBlock block{};
    /// The largest squared length in the block.
    float greatest_square = 0;
    /// The rows rounded, if they are to be.
    std::vector<uint32_t> pairs;
    /// The largest length of what rounding took away.
    float lost = 0;

  private:
    idx_t id(size_t row) const {
        return members ? members[first + row] : static_cast<idx_t>(first + row);
    }

    static size_t hash(const float* row, size_t d) {
        // Some numbers only: what they don't tell apart is compared.
        uint32_t parts[5];
        const size_t places[5] = {0, d / 4, d / 2, d / 4 * 3, d - 1};
        for (size_t i = 0; i < 5; ++i) {
            std::memcpy(&parts[i], row + places[i], sizeof parts[i]);
        }
        uint64_t hash = 0;
        for (const uint32_t part : parts) {
            hash = (hash ^ part) * 0x9E3779B97F4A7C15;
        }
        return hash >> 32;
    }

    /// Each query would look at all rows as near as its k-th: thousands where so many are equal.
    void merge_equal_rows() {
        const size_t d = comparison.d, bytes = d * sizeof(float);
        size_t room = 64;
        while (room < 2 * block.count) {
            room *= 2;
        }
        table.assign(room, -1);
        first_equal.resize(block.count); // By row: its number among the distinct ones.
        distinct.clear();
        for (size_t row = 0; row < block.count; ++row) {
            const float* values = block.values + row * d;
            size_t place = hash(values, d) & (room - 1);
            size_t tries = 8; // One that has met so many others stays alone.
            for (; tries > 0 && table[place] >= 0; place = (place + 1) & (room - 1), --tries) {
                if (std::memcmp(block.values + distinct[table[place]] * d, values, bytes) == 0) {
                    break;
                }
            }
            if (tries > 0 && table[place] >= 0) {
                first_equal[row] = table[place];
                continue;
            }
            first_equal[row] = static_cast<int32_t>(distinct.size());
            if (tries > 0) {
                table[place] = first_equal[row];
            }
            distinct.push_back(row);
        }
        if (distinct.size() > block.count / 8 * 7) {
            return;
        }
        starts.assign(distinct.size() + 1, 0);
        for (const int32_t number : first_equal) {
            ++starts[static_cast<size_t>(number) + 1];
        }
        std::partial_sum(starts.begin(), starts.end(), starts.begin());
        equal.resize(block.count);
        std::vector<size_t> next(starts.begin(), starts.end() - 1);
        for (size_t row = 0; row < block.count; ++row) {
            equal[next[static_cast<size_t>(first_equal[row])]++] = row;
        }
        merged.resize(distinct.size() * d);
        for (size_t i = 0; i < distinct.size(); ++i) {
            std::copy_n(block.values + distinct[i] * d, d, merged.data() + i * d);
        }
        block.values = merged.data();
        block.count = distinct.size();
    }

    const Comparison& comparison;
    const float* const rows;
    const idx_t* const members;
    const size_t count;
    const bool is_merged;
    size_t size;
    size_t next_first = 0;
    std::vector<float> terms;
    std::vector<float> gathered, merged;
    std::vector<int32_t> table, first_equal;
    std::vector<size_t> distinct, starts, equal;
};

/// How many queries go over the rows together. Their panels need not fit in the second-level cache: each is read once for
/// a whole block of rows, and more of them share what it costs to prepare a block.
inline size_t queries_at_once(const Comparison& comparison) {
    const size_t bytes = 4 << 20;
    const size_t wide = comparison.many.wide;
    return std::min<size_t>(std::max<size_t>(bytes / (comparison.d * sizeof(float) * wide), 4) * wide, 4096);
}
