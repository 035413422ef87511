// k-means, for clustering, for the centroids of inverted lists and for those of product quantizers.
//
// Lloyd's iteration as faiss::Clustering has it, with what that one lacks: a point's centroid is found by differences
// where |c|² − 2 x · c would round them away, sums are double, a cluster that runs empty takes the point that is farthest
// from its centroid, and it ends when no point changes its cluster. It is the same for every version of Faiss.

#pragma once

#include "../guarded.h"

#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <vector>

/// `count` of n vectors, chosen by chance, in their order.
std::vector<size_t> sample_rows(size_t count, size_t n, uint64_t seed);

struct KMeans {
    enum class Start {
        points,   ///< random points, as in Faiss
        plusPlus, ///< k-means++ with a choice of candidates (Arthur and Vassilvitskii 2007)
    };

    size_t d = 0;
    size_t clusters = 0;
    int iterations = 25;
    int runs = 1;
    Start start = Start::points;
    bool is_spherical = false;
    /// A larger set is sampled down to so many points a cluster.
    size_t most_points = SIZE_MAX;
    uint64_t seed = 1234;
    int threads = 1;
    /// How much each point counts, not negative; NULL for one each.
    const float* weights = nullptr;
    /// The first centroids of the first run, or NULL.
    const float* initial = nullptr;
    /// Called before each iteration. May throw.
    std::function<void()> report = [] {};

    struct Result {
        std::vector<float> centroids;
        /// The sum of squared distances, by weight, before each iteration's update.
        std::vector<double> objective;
    };

    /// The best run of `runs`, from at least as many points as clusters.
    Result fit(size_t n, const float* x) const;
};
