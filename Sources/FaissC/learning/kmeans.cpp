#include "kmeans.h"

#include "../progress.h"
#include "../searching/comparison.h"
#include "../searching/nearest_centroids.h"
#include "../threads.h"

#include <faiss/impl/FaissAssert.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace {

using Random = std::mt19937_64;

/// A number in 0 ..< bound, with the same sequence for every library.
size_t below(size_t bound, Random& random) {
    return static_cast<size_t>((static_cast<unsigned __int128>(random()) * bound) >> 64);
}

double fraction(Random& random) {
    return static_cast<double>(random() >> 11) * 0x1p-53;
}

/// `count` of the numbers 0 ..< n, each once, in an order of chance.
std::vector<size_t> some(size_t count, size_t n, Random& random) {
    std::vector<size_t> all(n);
    std::iota(all.begin(), all.end(), size_t(0));
    for (size_t i = 0; i < count; ++i) {
        std::swap(all[i], all[i + below(n - i, random)]);
    }
    all.resize(count);
    return all;
}

/// The points as they are clustered: all or a sample, around their mean where that is far away in comparison with how far
/// they are from it.
class Points {
  public:
    Points(const KMeans& options, size_t n, const float* x)
            : d(options.d), count(n), values(x), weights(options.weights) {
        const size_t most = options.most_points > n / options.clusters ? n : options.most_points * options.clusters;
        if (n > most) {
            sample(most, options.seed);
        }
        if (!options.is_spherical) {
            center(options.threads);
        }
    }

    const float* operator[](size_t point) const {
        return values + point * d;
    }

    float weight(size_t point) const {
        return weights ? weights[point] : 1;
    }

    /// A vector in the points' place as the caller knows it.
    float outside(float value, size_t column) const {
        return mean.empty() ? value : static_cast<float>(value + mean[column]);
    }

    float inside(float value, size_t column) const {
        return mean.empty() ? value : static_cast<float>(value - mean[column]);
    }

    const size_t d;
    size_t count;

  private:
    void sample(size_t most, uint64_t seed) {
        const std::vector<size_t> chosen = sample_rows(most, count, seed);
        own.resize(most * d);
        if (weights) {
            own_weights.resize(most);
        }
        for (size_t i = 0; i < most; ++i) {
            std::copy_n(values + chosen[i] * d, d, own.data() + i * d);
            if (weights) {
                own_weights[i] = weights[chosen[i]];
            }
        }
        count = most;
        values = own.data();
        weights = weights ? own_weights.data() : nullptr;
    }

    void center(int threads) {
        std::vector<double> sums(d), squares(d);
        in_slices(static_cast<idx_t>(d), threads, [&](idx_t first, idx_t width) {
            for (size_t point = 0; point < count; ++point) {
                for (idx_t column = first; column < first + width; ++column) {
                    const double value = values[point * d + column];
                    sums[column] += value;
                    squares[column] += value * value;
                }
            }
        });
        double offset = 0, spread = 0;
        for (size_t column = 0; column < d; ++column) {
            sums[column] /= static_cast<double>(count);
            offset += sums[column] * sums[column];
            spread += squares[column] / static_cast<double>(count);
        }
        const double near = 4; // So near rounding takes two bits at most.
        if (offset <= near * (spread - offset)) {
            return;
        }
        mean.swap(sums);
        std::vector<float> moved(count * d);
        in_slices(static_cast<idx_t>(count), threads, [&](idx_t first, idx_t size) {
            for (idx_t point = first; point < first + size; ++point) {
                for (size_t column = 0; column < d; ++column) {
                    moved[point * d + column] = inside(values[point * d + column], column);
                }
            }
        });
        own.swap(moved);
        values = own.data();
    }

    const float* values;
    const float* weights;
    std::vector<float> own, own_weights;
    std::vector<double> mean;
};

/// One run: where its centroids are, and which each point belongs to.
class Run {
  public:
    Run(const KMeans& options, const Points& points)
            : options(options),
              points(points),
              centroids(options.clusters * options.d),
              labels(points.count, -1),
              distances(points.count) {}

    void start_from(const float* initial) {
        for (size_t i = 0; i < centroids.size(); ++i) {
            centroids[i] = points.inside(initial[i], i % options.d);
        }
    }

    void start_from_points(Random& random) {
        const std::vector<size_t> chosen = some(options.clusters, points.count, random);
        for (size_t cluster = 0; cluster < options.clusters; ++cluster) {
            set(cluster, chosen[cluster]);
        }
    }

    /// Each first centroid is a point chosen with a probability by its squared distance from the nearest one before, the
    /// best of some candidates. Of many points a sample is looked at.
    void start_plus_plus(Random& random) {
        const size_t most = std::max<size_t>(10'000, 16 * options.clusters);
        const std::vector<size_t> chosen = some(std::min(most, points.count), points.count, random);
        const size_t n = chosen.size(), d = options.d;
        std::vector<float> rows(n * d);
        std::vector<double> weights(n);
        for (size_t i = 0; i < n; ++i) {
            std::copy_n(points[chosen[i]], d, rows.data() + i * d);
            weights[i] = points.weight(chosen[i]);
        }
        const auto most_candidates = static_cast<size_t>(2 + std::log(static_cast<double>(options.clusters)));
        const Comparison comparison(faiss::METRIC_L2, d);
        // All candidates look at a block of rows while the cache has it; sums by block are the same for any threads.
        const size_t block = std::max<size_t>(16, 16'384 / (d * sizeof(float)));
        const size_t blocks = (n + block - 1) / block;
        std::vector<float> keys(most_candidates * n);
        std::vector<double> sums(most_candidates * blocks), cumulated(n);
        std::vector<double> nearest(n, std::numeric_limits<double>::infinity());
        for (size_t cluster = 0; cluster < options.clusters; ++cluster) {
            const std::vector<double>& shares = cluster == 0 ? weights : nearest;
            std::partial_sum(shares.begin(), shares.end(), cumulated.begin());
            const double total = cumulated.back();
            std::vector<size_t> candidates(cluster == 0 ? 1 : most_candidates);
            for (size_t& candidate : candidates) {
                // Where all points are centroids already, any will do.
                candidate = total > 0 ? static_cast<size_t>(
                                                std::upper_bound(
                                                        cumulated.begin(), cumulated.end() - 1, fraction(random) * total) -
                                                cumulated.begin())
                                      : below(n, random);
            }
            in_slices(static_cast<idx_t>(blocks), options.threads, [&](idx_t first, idx_t count) {
                for (auto number = static_cast<size_t>(first); number < static_cast<size_t>(first + count); ++number) {
                    const size_t start = number * block, size = std::min(block, n - start);
                    for (size_t i = 0; i < candidates.size(); ++i) {
                        float* own = keys.data() + i * n + start;
                        comparison.keys(rows.data() + candidates[i] * d, rows.data() + start * d, size, own);
                        double sum = 0;
                        for (size_t row = 0; row < size; ++row) {
                            sum += std::min(nearest[start + row], weights[start + row] * own[row]);
                        }
                        sums[i * blocks + number] = sum;
                    }
                }
            });
            double least = std::numeric_limits<double>::infinity();
            size_t best = 0;
            for (size_t i = 0; i < candidates.size(); ++i) {
                const auto own = sums.begin() + static_cast<ptrdiff_t>(i * blocks);
                const double sum = std::accumulate(own, own + static_cast<ptrdiff_t>(blocks), 0.0);
                if (sum < least) {
                    least = sum;
                    best = i;
                }
            }
            set(cluster, chosen[candidates[best]]);
            for (size_t row = 0; row < n; ++row) {
                nearest[row] = std::min(nearest[row], weights[row] * keys[best * n + row]);
            }
        }
    }

    /// Goes on until nothing changes or the iterations are used up, and returns the objective of each.
    std::vector<double> iterate() {
        std::vector<double> objective;
        if (options.is_spherical) {
            normalize(centroids);
        }
        std::vector<idx_t> before;
        for (int iteration = 0; iteration < options.iterations; ++iteration) {
            options.report();
            before = labels;
            assign();
            double sum = 0;
            for (size_t point = 0; point < points.count; ++point) {
                sum += own_share(distances[point], point);
            }
            objective.push_back(sum);
            const bool has_moved = update();
            if (!has_moved && before == labels) {
                // Each that is left would do the same.
                for (int rest = iteration + 1; rest < options.iterations; ++rest) {
                    options.report();
                }
                break;
            }
        }
        return objective;
    }

    std::vector<float> centroids_outside() const {
        std::vector<float> result(centroids.size());
        for (size_t i = 0; i < result.size(); ++i) {
            result[i] = points.outside(centroids[i], i % options.d);
        }
        return result;
    }

  private:
    double own_share(float distance, size_t point) const {
        return static_cast<double>(distance) * points.weight(point);
    }

    void set(size_t cluster, size_t point) {
        std::copy_n(points[point], options.d, centroids.data() + cluster * options.d);
    }

    void assign() {
        in_slices(static_cast<idx_t>(points.count), options.threads, [&](idx_t first, idx_t count) {
            const auto place = static_cast<size_t>(first);
            assign_nearest(
                    faiss::METRIC_L2,
                    options.d,
                    points[place],
                    options.d,
                    static_cast<size_t>(count),
                    centroids.data(),
                    options.clusters,
                    labels.data() + place,
                    distances.data() + place,
                    labels[place] < 0 ? nullptr : labels.data() + place);
        });
    }

    /// Moves each centroid to the mean of its points; true if a cluster was empty and has taken a point of another's.
    bool update() {
        const size_t d = options.d;
        std::vector<double> sums(options.clusters * d), totals(options.clusters);
        in_slices(static_cast<idx_t>(options.clusters), options.threads, [&](idx_t first, idx_t count) {
            for (size_t point = 0; point < points.count; ++point) {
                const idx_t label = labels[point];
                if (label >= first && label < first + count) {
                    add(point, points.weight(point), sums.data() + label * d, totals[label]);
                }
            }
        });
        const bool has_moved = fill_empty(sums, totals);
        std::vector<float> moved = centroids;
        for (size_t cluster = 0; cluster < options.clusters; ++cluster) {
            for (size_t column = 0; totals[cluster] > 0 && column < d; ++column) {
                moved[cluster * d + column] = static_cast<float>(sums[cluster * d + column] / totals[cluster]);
            }
        }
        if (options.is_spherical) {
            normalize(moved);
        }
        centroids.swap(moved);
        return has_moved;
    }

    void add(size_t point, double factor, double* sum, double& total) const {
        const float* values = points[point];
        for (size_t column = 0; column < options.d; ++column) {
            sum[column] += factor * values[column];
        }
        total += factor;
    }

    bool fill_empty(std::vector<double>& sums, std::vector<double>& totals) {
        std::vector<size_t> empty;
        for (size_t cluster = 0; cluster < options.clusters; ++cluster) {
            if (!(totals[cluster] > 0)) {
                empty.push_back(cluster);
            }
        }
        if (empty.empty()) {
            return false;
        }
        // The farthest points first, equally far ones in their order, and some more than needed: not all can be given.
        std::vector<size_t> farthest(points.count);
        std::iota(farthest.begin(), farthest.end(), size_t(0));
        const size_t wanted = std::min(points.count, 4 * empty.size());
        std::partial_sort(farthest.begin(), farthest.begin() + wanted, farthest.end(), [&](size_t a, size_t b) {
            const double own = own_share(distances[a], a), other = own_share(distances[b], b);
            return own > other || (own == other && a < b);
        });
        size_t given = 0;
        for (size_t i = 0; i < wanted && given < empty.size(); ++i) {
            const size_t point = farthest[i];
            if (labels[point] < 0) {
                continue; // No distance of it is a number.
            }
            const double weight = points.weight(point);
            const auto from = static_cast<size_t>(labels[point]);
            if (!(own_share(distances[point], point) > 0) || !(totals[from] > weight)) {
                continue;
            }
            add(point, -weight, sums.data() + from * options.d, totals[from]);
            add(point, weight, sums.data() + empty[given] * options.d, totals[empty[given]]);
            labels[point] = static_cast<idx_t>(empty[given]);
            distances[point] = 0;
            ++given;
        }
        return given > 0;
    }

    /// Scales vectors to length 1; one without a direction stays what the centroid was.
    void normalize(std::vector<float>& vectors) const {
        const size_t d = options.d;
        for (size_t cluster = 0; cluster < options.clusters; ++cluster) {
            float* vector = vectors.data() + cluster * d;
            double square = 0;
            for (size_t column = 0; column < d; ++column) {
                square += static_cast<double>(vector[column]) * vector[column];
            }
            const double least = 1e-12; // Of the mean of vectors of length 1: what is less is rounding.
            if (!(square > least)) {
                std::copy_n(centroids.data() + cluster * d, d, vector);
                continue;
            }
            for (size_t column = 0; column < d; ++column) {
                vector[column] = static_cast<float>(vector[column] / std::sqrt(square));
            }
        }
    }

    const KMeans& options;
    const Points& points;
    std::vector<float> centroids;
    std::vector<idx_t> labels;
    std::vector<float> distances;
};

} // namespace

std::vector<size_t> sample_rows(size_t count, size_t n, uint64_t seed) {
    Random random(seed);
    std::vector<size_t> chosen = some(count, n, random);
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

KMeans::Result KMeans::fit(size_t n, const float* x) const {
    FAISS_THROW_IF_NOT_FMT(n >= clusters, "%zu points are fewer than %zu clusters", n, clusters);
    Random random(seed);
    const Points points(*this, n, x);
    Result best;
    for (int number = 0; number < runs; ++number) {
        Run run(*this, points);
        if (initial && number == 0) {
            run.start_from(initial);
        } else if (start == Start::plusPlus) {
            run.start_plus_plus(random);
        } else {
            run.start_from_points(random);
        }
        std::vector<double> objective = run.iterate();
        if (number == 0 || objective.back() < best.objective.back()) {
            best = {run.centroids_outside(), std::move(objective)};
        }
    }
    return best;
}

extern "C" {

int faiss_kmeans_with(
        size_t n,
        const float* x,
        const FaissKMeansParameters* parameters,
        const FaissWork* work,
        float* centroids,
        double* objective,
        size_t* iterations) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        Progress progress{*work, static_cast<size_t>(parameters->niter) * parameters->nredo};
        KMeans kmeans;
        kmeans.d = parameters->d;
        kmeans.clusters = parameters->k;
        kmeans.iterations = parameters->niter;
        kmeans.runs = parameters->nredo;
        kmeans.start = parameters->is_plus_plus ? KMeans::Start::plusPlus : KMeans::Start::points;
        kmeans.is_spherical = parameters->spherical != 0;
        kmeans.most_points = parameters->max_points_per_centroid;
        kmeans.seed = parameters->seed;
        kmeans.threads = work->threads;
        kmeans.weights = parameters->weights;
        kmeans.initial = parameters->initial;
        kmeans.report = [&] { progress.report(); };
        const KMeans::Result result = kmeans.fit(n, x);
        std::copy(result.centroids.begin(), result.centroids.end(), centroids);
        *iterations = result.objective.size();
        std::copy(result.objective.begin(), result.objective.end(), objective);
    });
}

} // extern "C"
