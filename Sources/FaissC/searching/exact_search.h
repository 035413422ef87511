// Exact search of many rows for any number of queries: what flat indexes, coarse quantizers and refinements are made of.
// How it searches stands in exact.h.

#pragma once

#include "comparison.h"

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>

struct ExactSearch {
    const Comparison& comparison;
    const float* x;
    size_t queries;
    const float* rows;
    size_t row_count;
    /// Which rows are searched; NULL for all.
    const faiss::IDSelector* selector = nullptr;
    /// Of equally near rows, those with the smallest order[number] are found; by NULL those with the smallest number.
    const idx_t* order = nullptr;
    /// Up to so many share the queries or, if there are few, the rows.
    int threads = 1;

    /// The k nearest rows, nearest first; -1 where there are fewer.
    void nearest(size_t k, float* distances, idx_t* ids) const;
    /// All rows nearer than a radius.
    void within(float radius, faiss::RangeSearchResult& result) const;
};
