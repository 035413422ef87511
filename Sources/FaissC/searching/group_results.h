// Between an exact search and collectors.

#pragma once

#include "collector.h"

#include <cfloat>

/// Takes what an exact search in some rows finds, for the queries of a group.
struct GroupResults {
    size_t wanted() const {
        return 0; // Filters have a say, and what other lists have shown.
    }

    void begin(size_t, size_t) {}
    void finish(size_t, size_t) {}

    /// With a bias the limit is less that, and some more for the rounding: what is offered is looked at again.
    float limit(size_t query) const {
        const float limit = collectors[query]->limit;
        if (!biases || limit == std::numeric_limits<float>::infinity()) {
            return limit;
        }
        return limit - biases[query] + 4 * FLT_EPSILON * (std::abs(limit) + std::abs(biases[query]));
    }

    /// Ids come in any order.
    bool may_take(size_t query, idx_t, float key) const {
        return !(key > limit(query));
    }

    bool offer(size_t query, idx_t row, float key) {
        collectors[query]->offer_one(biases ? key + biases[query] : key, {1, ids, first}, row);
        return true;
    }

    Collector* const* collectors;
    const float* biases; ///< what is added to all distances of a query, or NULL
    const idx_t* ids;    ///< of the rows, or NULL where they are positions
    idx_t first;         ///< the position of the first row
};
