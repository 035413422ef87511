// Exact search on one thread.
//
// A search is exact up to the rounding of a distance that is computed by itself: products of matrices only rule out
// what is farther than the k-th nearest by more than their rounding can be, and what they leave is looked at one by one.
// So one query and a thousand give the same distances, bit by bit, and of equally near vectors those with the smallest
// ids are found.

#pragma once

#include "comparison.h"

#include <cfloat>
#include <cmath>

/// So many queries or fewer take the rows one by one: the lanes of a panel would be empty for the most part.
inline constexpr size_t few_queries = 3;

/// The k nearest of each query, in the caller's memory: while searching as heaps of keys with the farthest at the root.
class NearestRows {
  public:
    /// @param order  what decides between equally near rows: order[id], or NULL for their ids themselves
    NearestRows(const Comparison& comparison, size_t k, float* keys, idx_t* ids, const idx_t* order = nullptr)
            : comparison(comparison), k(k), keys(keys), ids(ids), order(order) {}

    /// What serves a slice of the queries: no more than this one.
    NearestRows& slice() {
        return *this;
    }

    /// How many rows are found whatever they are, if there are as many; 0 if that depends on the rows.
    size_t wanted() const {
        return k;
    }

    /// Empties the places of some queries.
    void begin(size_t first, size_t count) {
        std::fill_n(keys + first * k, count * k, FLT_MAX);
        std::fill_n(ids + first * k, count * k, -1);
    }

    /// What has a larger key is not wanted.
    float limit(size_t query) const {
        return keys[query * k];
    }

    /// Whether this row or one with a larger id and the same key may be taken.
    bool may_take(size_t query, idx_t id, float key) const {
        return order ? !(key > limit(query)) : is_before(key, id, keys[query * k], ids[query * k]);
    }

    /// Takes a row in if it is nearer than the farthest, or as near with a smaller id.
    bool offer(size_t query, idx_t id, float key) {
        float* heap_keys = keys + query * k;
        idx_t* heap_ids = ids + query * k;
        if (!is_before(key, id, heap_keys[0], heap_ids[0])) {
            return false;
        }
        sift_down(heap_keys, heap_ids, k, key, id);
        return true;
    }

    /// Sorts the places of some queries, nearest first, and turns keys into distances. Empty places come last.
    void finish(size_t first, size_t count) {
        for (size_t query = first; query < first + count; ++query) {
            float* heap_keys = keys + query * k;
            idx_t* heap_ids = ids + query * k;
            for (size_t size = k; size > 1; --size) {
                const float key = heap_keys[size - 1];
                const idx_t id = heap_ids[size - 1];
                heap_keys[size - 1] = heap_keys[0];
                heap_ids[size - 1] = heap_ids[0];
                sift_down(heap_keys, heap_ids, size - 1, key, id);
            }
            for (size_t place = 0; place < k; ++place) {
                heap_keys[place] = comparison.distance(heap_keys[place]);
            }
        }
    }

  private:
    /// An empty place has the largest key and comes after everything, though its id is the least.
    bool is_before(float key, idx_t id, float other, idx_t other_id) const {
        return key < other || (key == other && (order && other_id >= 0 ? order[id] < order[other_id] : id < other_id));
    }

    void sift_down(float* keys, idx_t* ids, size_t size, float key, idx_t id) const {
        size_t place = 0;
        for (;;) {
            size_t child = 2 * place + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && is_before(keys[child], ids[child], keys[child + 1], ids[child + 1])) {
                ++child;
            }
            if (!is_before(key, id, keys[child], ids[child])) {
                break;
            }
            keys[place] = keys[child];
            ids[place] = ids[child];
            place = child;
        }
        keys[place] = key;
        ids[place] = id;
    }

    const Comparison& comparison;
    const size_t k;
    float* const keys;
    idx_t* const ids;
    const idx_t* const order;
};

/// One query against all rows.
template <class Results>
void scan_rows(
        const Comparison& comparison,
        const float* query,
        size_t number,
        const float* rows,
        const idx_t* members,
        size_t count,
        Results& results) {
    const size_t d = comparison.d;
    if (members) {
        for (size_t i = 0; i < count; ++i) {
            const float key = comparison.key(query, rows + static_cast<size_t>(members[i]) * d);
            if (!(key > results.limit(number))) {
                results.offer(number, members[i], key);
            }
        }
        return;
    }
    const size_t chunk = 256;
    float keys[chunk];
    uint32_t places[chunk];
    for (size_t row = 0; row < count; row += chunk) {
        const size_t size = std::min(chunk, count - row);
        comparison.keys(query, rows + row * d, size, keys);
        const size_t found = comparison.one.not_greater(keys, size, results.limit(number), places);
        for (size_t i = 0; i < found; ++i) {
            results.offer(number, static_cast<idx_t>(row + places[i]), keys[places[i]]);
        }
    }
}

/// Memory that passes use one after the other.
struct PassMemory {
    std::vector<float> scores, least;
};

/// A panel of queries that goes over a block of rows.
template <class Results>
class Pass {
  public:
    /// @param own_terms  the squared lengths of the panel's queries
    /// @param offset     the number of the first query among the results
    Pass(const Comparison& comparison,
         const PreparedQueries& queries,
         const float* own_terms,
         const RowBlocks& blocks,
         size_t offset,
         PassMemory& memory,
         Results& results)
            : comparison(comparison),
              queries(queries),
              own_terms(own_terms),
              blocks(blocks),
              offset(offset),
              memory(memory),
              results(results) {}

    void run(const Panel& panel) {
        begin(panel.first, panel.count, panel.native.width, nullptr);
        if (is_first()) {
            memory.scores.resize(blocks.block.count * panel.native.width);
            comparison.many.score(panel.native, blocks.block, memory.scores.data());
            offer_scores(panel.native.width);
        } else {
            comparison.many.filter(panel.native, blocks.block, thresholds, &Pass::offered, this);
        }
    }

    void run(const RoundedPanel& panel) {
        const Bfloat16Kernels& rounded = *comparison.rounded;
        const RowBlock& block = blocks.block;
        begin(panel.first, panel.count, rounded.width, panel.lost);
        if (is_first()) {
            memory.scores.resize(blocks.block.count * rounded.width);
            rounded.score(
                    panel.values, panel.pairs, blocks.pairs.data(), block.terms, block.count, memory.scores.data());
            offer_scores(rounded.width);
        } else {
            rounded.filter(
                    panel.values,
                    panel.pairs,
                    blocks.pairs.data(),
                    block.terms,
                    block.count,
                    thresholds,
                    &Pass::offered,
                    this);
        }
    }

  private:
    /// @param lost  for each query the length of what rounding took away, or NULL
    void begin(size_t panel_first, size_t panel_count, size_t width, const float* lost) {
        first = panel_first;
        count = panel_count;
        const float largest = std::sqrt(blocks.greatest_square);
        for (size_t lane = 0; lane < width; ++lane) {
            if (lane >= count) {
                thresholds[lane] = -INFINITY;
                continue;
            }
            const float length = std::sqrt(own_terms[lane]);
            slack[lane] = comparison.rounding(length, largest);
            if (lost) {
                // |a · b - a' · b'| <= |a - a'| |b| + |a'| |b - b'|.
                const float scaled = std::abs(Panel::factor(comparison)) * length;
                slack[lane] += 1.001f * (lost[lane] * largest + (scaled + lost[lane]) * blocks.lost);
            }
            caps[lane] = INFINITY;
            thresholds[lane] = threshold(lane);
        }
    }

    static constexpr size_t groups_each = 2;

    /// Whether nothing is known of any query's neighbours, and the block has rows enough to learn much at once.
    bool is_first() const {
        const size_t fewest = 4; // Measured: to find fewer, no more rows are offered than would be afterwards.
        return blocks.first == 0 && results.wanted() >= fewest && blocks.block.count >= groups_each * results.wanted();
    }

    /// Offers a block's rows beginning with a good guess at how far the farthest neighbour is: the best rows of as many
    /// groups are rows, so that where k of them have no larger score, neither has the k-th nearest.
    ///
    /// Rows that come in by chance are offered k (1 + ln(rows / k)) times, each with a distance and a change of the
    /// heap, which among a thousand rows costs more than all their scores.
    void offer_scores(size_t width) {
        const size_t k = results.wanted();
        const size_t groups = groups_each * k;
        const size_t rows = blocks.block.count;
        memory.least.resize(groups * width + groups);
        float* least = memory.least.data();
        float* own = least + groups * width;
        comparison.many.find_least_in_groups(memory.scores.data(), rows, width, groups, least);
        for (size_t lane = 0; lane < count; ++lane) {
            for (size_t group = 0; group < groups; ++group) {
                own[group] = least[group * width + lane];
            }
            std::nth_element(own, own + (k - 1), own + groups);
            // The slack once for those rows' scores, and once for the others'.
            caps[lane] = own[k - 1] + 2 * slack[lane];
            thresholds[lane] = threshold(lane);
        }
        comparison.many.filter_scores(memory.scores.data(), rows, width, thresholds, &Pass::offered, this);
    }

    float threshold(size_t lane) const {
        const float own = comparison.is_l2 ? own_terms[lane] : 0;
        const float reached = results.limit(offset + first + lane) - own + slack[lane];
        return caps[lane] < reached ? caps[lane] : reached;
    }

    static void offered(void* context, size_t lane, size_t row) {
        auto& pass = *static_cast<Pass*>(context);
        if (lane >= pass.count) {
            return;
        }
        const float* values = pass.blocks.block.values + row * pass.comparison.d;
        const float key = pass.comparison.key(pass.queries[pass.first + lane], values);
        const size_t query = pass.offset + pass.first + lane;
        bool has_taken = false;
        pass.blocks.for_each_id(row, [&](idx_t id) {
            if (!pass.results.may_take(query, id, key)) {
                return false;
            }
            has_taken |= pass.results.offer(query, id, key);
            return true;
        });
        if (has_taken) {
            pass.thresholds[lane] = pass.threshold(lane);
        }
    }

    const Comparison& comparison;
    const PreparedQueries& queries;
    const float* const own_terms;
    const RowBlocks& blocks;
    const size_t offset;
    PassMemory& memory;
    Results& results;
    size_t first = 0, count = 0;
    float thresholds[32];
    float slack[32];
    float caps[32];
};

/// Some queries against all rows, by panels of one of the two kinds.
///
/// @param start  the number of the first of `queries` among the results
template <class SomePanel, class Value, class Results>
void scan_panels(
        const Comparison& comparison,
        const PreparedQueries& queries,
        size_t start,
        size_t count,
        size_t width,
        Value* memory,
        RowBlocks& blocks,
        Results& results) {
    std::vector<SomePanel> panels;
    std::vector<float> own_terms(count);
    for (size_t query = 0; query < count; ++query) {
        own_terms[query] = comparison.one.inner_product(queries[query], queries[query], comparison.d);
        if (query % width == 0) {
            panels.emplace_back(
                    comparison, queries, query, std::min(width, count - query), memory + query * comparison.d);
        }
    }
    PassMemory pass_memory;
    for (blocks.rewind(); blocks.next();) {
        for (const auto& panel : panels) {
            Pass<Results>(comparison, queries, own_terms.data() + panel.first, blocks, start, pass_memory, results)
                    .run(panel);
        }
    }
}

/// Queries first ..< first + count, `stride` apart, against all rows, on the calling thread.
template <class Results>
void scan_queries(
        const Comparison& comparison,
        const float* x,
        size_t stride,
        size_t first,
        size_t count,
        const float* rows,
        const idx_t* members,
        size_t row_count,
        Results& results) {
    const size_t d = comparison.d;
    if (count <= few_queries) {
        const PreparedQueries queries(comparison, x + first * stride, stride, count);
        results.begin(first, count);
        for (size_t query = 0; query < count; ++query) {
            scan_rows(comparison, queries[query], first + query, rows, members, row_count, results);
        }
        results.finish(first, count);
        return;
    }
    // Rounding pays where there is more than a narrow panel's work, and dimensions enough that what the filter lets
    // pass in vain is little beside it.
    const size_t fewest_dimensions = 32;
    const bool is_rounded = comparison.rounded && count > comparison.many.narrow && d >= fewest_dimensions;
    const size_t width = is_rounded ? comparison.rounded->width : comparison.many.wide;
    const size_t at_once = std::min(queries_at_once(comparison), (count + width - 1) / width * width);
    PanelMemory memory(at_once * d);
    const size_t many = 64; // Queries enough that looking for equal rows costs little beside them.
    RowBlocks blocks(comparison, rows, members, row_count, is_rounded, count >= many);
    for (size_t start = first; start < first + count; start += at_once) {
        const size_t size = std::min(at_once, first + count - start);
        const PreparedQueries queries(comparison, x + start * stride, stride, size);
        results.begin(start, size);
        if (is_rounded) {
            auto* pairs = reinterpret_cast<uint32_t*>(memory.get());
            scan_panels<RoundedPanel>(comparison, queries, start, size, width, pairs, blocks, results);
        } else {
            scan_panels<Panel>(comparison, queries, start, size, width, memory.get(), blocks, results);
        }
        results.finish(start, size);
    }
}
