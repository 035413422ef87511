// Indexes around indexes: a transform before one (IndexPreTransform), exact distances behind one (IndexRefineFlat).
//
// Faiss's own methods of the two pass no parameters and no filter on. Here each operation does its part and goes on
// with the operation on the index inside, so that everything that holds for that one holds for the whole.

#pragma once

#include "guarded.h"
#include "kmeans.h"

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/ProductQuantizer.h>

/// A training under way: how far it has come is shared by all of its parts.
struct Training {
    const FaissTrainingParameters& parameters;
    const FaissWork& work;
    size_t step = 0;
    size_t steps = 0;

    /// Reports a step that has no smaller ones. Throws Cancelled.
    void report();
    /// A k-means that is part of it. Each iteration is a step.
    KMeans kmeans(size_t d, size_t clusters, int iterations);
};

// The operations on any index. Each is defined beside the C function that it serves.

size_t training_steps(faiss::Index& index);
void train_index(faiss::Index& index, idx_t n, const float* x, Training& training);
void add_to_index(faiss::Index& index, idx_t n, const float* x, const idx_t* ids, int threads);
size_t remove_from_index(faiss::Index& index, size_t n, const idx_t* ascending);
void search_index(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        idx_t k,
        const FaissSearchOptions& options,
        float* distances,
        idx_t* labels);
void range_search_index(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        float radius,
        const FaissSearchOptions& options,
        faiss::RangeSearchResult* result);
void reconstruct_from_index(const faiss::Index* index, size_t n, const idx_t* labels, float* recons);
size_t index_bytes(const faiss::Index* index);

/// Learns the centroids of each part of vectors or, with is_continued, improves those that are there.
void train_quantizer(
        faiss::ProductQuantizer& pq,
        idx_t n,
        const float* x,
        Training& training,
        bool is_continued = false);

// The same for an index with one inside; false if this one has none.

bool count_nested_steps(faiss::Index& index, size_t& steps);
bool train_nested(faiss::Index& index, idx_t n, const float* x, Training& training);
bool add_to_nested(faiss::Index& index, idx_t n, const float* x, const idx_t* ids, int threads);
bool remove_from_nested(faiss::Index& index, size_t n, const idx_t* ascending, size_t* n_removed);
bool search_nested(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        idx_t k,
        const FaissSearchOptions& options,
        float* distances,
        idx_t* labels);
bool range_search_nested(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        float radius,
        const FaissSearchOptions& options,
        faiss::RangeSearchResult* result);
bool reconstruct_from_nested(const faiss::Index* index, size_t n, const idx_t* labels, float* recons);
bool count_nested_bytes(const faiss::Index* index, size_t& bytes);

/// The index inside another, NULL where there is none.
faiss::Index* inner_index(faiss::Index* index);

/// Where an index holds the one inside, NULL where there is none.
faiss::Index** inner_place(faiss::Index* index);

/// The product quantizer of an index or of what it wraps, NULL where there is none.
faiss::ProductQuantizer* product_quantizer(faiss::Index* index);
