// A training under way: its k-means runs and other steps report to one caller.

#pragma once

#include "../progress.h"
#include "kmeans.h"

struct Training : Progress {
    Training(const FaissTrainingParameters& parameters, const FaissWork& work)
            : Progress{work}, parameters(parameters) {}

    /// A k-means that is part of the training. Each iteration is a step.
    KMeans kmeans(size_t d, size_t clusters, int iterations) {
        KMeans kmeans;
        kmeans.d = d;
        kmeans.clusters = clusters;
        kmeans.iterations = iterations;
        kmeans.most_points = parameters.max_points_per_centroid;
        kmeans.seed = parameters.seed;
        kmeans.threads = work.threads;
        kmeans.report = [this] { report(); };
        return kmeans;
    }

    const FaissTrainingParameters& parameters;
};
