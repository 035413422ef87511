// A training under way: its k-means runs and other steps report to one caller.

#pragma once

#include "kmeans.h"

/// The steps of a piece of work, which its caller watches and may stop.
struct Progress {
    const FaissWork& work;
    size_t steps = 0;
    size_t step = 0;

    /// Reports the beginning of a step. Throws Cancelled.
    void report() {
        if (work.progress && work.progress(work.context, step, steps) != 0) {
            throw Cancelled();
        }
        ++step;
    }
};

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
