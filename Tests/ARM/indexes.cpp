#include "check.h"

#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/IndexIVFFlat_c.h>
#include <faiss/c_api/IndexIVF_c.h>
#include <faiss/c_api/IndexScalarQuantizer_c.h>
#include <faiss/c_api/error_c.h>
#include <faiss/c_api/impl/AuxIndexStructures_c.h>
#include <faiss_extension.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <set>

namespace {

using Ids = std::vector<idx_t>;

/// What is the same of indexes of floats and of bits, in their own types.
struct FloatCalls {
    using Index = FaissIndex;
    using Value = float;
    static constexpr auto free = faiss_Index_free;
    static constexpr auto count = faiss_Index_ntotal;
    static constexpr auto train = faiss_Index_train_with;
    static constexpr auto add = faiss_Index_add_with;
    static constexpr auto search = faiss_Index_search_with;
    static constexpr auto range = faiss_Index_range_search_with;
    static constexpr auto remove = faiss_Index_remove_ascending;
    static constexpr auto reconstruct = faiss_Index_reconstruct_labels;
    static int write(const Index* index, const idx_t* ids, FaissWriteFunction write, void* context) {
        return faiss_write_index_with(index, ids, 0, write, context);
    }
    static constexpr auto read = faiss_read_index_with;
};

struct BinaryCalls {
    using Index = FaissIndexBinary;
    using Value = uint8_t;
    static constexpr auto free = faiss_IndexBinary_free;
    static constexpr auto count = faiss_IndexBinary_ntotal;
    static constexpr auto train = faiss_IndexBinary_train_with;
    static constexpr auto add = faiss_IndexBinary_add_with;
    static constexpr auto search = faiss_IndexBinary_search_with;
    static constexpr auto range = faiss_IndexBinary_range_search_with;
    static constexpr auto remove = faiss_IndexBinary_remove_ascending;
    static constexpr auto reconstruct = faiss_IndexBinary_reconstruct_labels;
    static constexpr auto write = faiss_write_index_binary_with;
    static constexpr auto read = faiss_read_index_binary_with;
};

/// Checks a call of the C functions, and says what they say of a failure.
void succeeds(const char* name, int code) {
    CHECK(code == 0, "%s: %s", name, faiss_get_last_error());
}

FaissSearchOptions options(int threads) {
    FaissSearchOptions options{};
    options.nprobe = 8;
    options.efSearch = 64;
    options.threads = threads;
    return options;
}

struct Found {
    Floats distances;
    Ids labels;
    bool operator==(const Found& other) const {
        return labels == other.labels && distances == other.distances;
    }
};

template <class Calls>
using Values = std::vector<typename Calls::Value>;

/// @param width  values in a vector
template <class Calls>
Found search(
        const char* name,
        const typename Calls::Index* index,
        const Values<Calls>& x,
        size_t width,
        idx_t k,
        idx_t at_once,
        int threads) {
    const auto n = static_cast<idx_t>(x.size() / width);
    Found found{Floats(n * k), Ids(n * k)};
    const FaissSearchOptions how = options(threads);
    for (idx_t first = 0; first < n; first += at_once) {
        succeeds(name, Calls::search(
                index, std::min(at_once, n - first), x.data() + first * width, k, &how,
                found.distances.data() + first * k, found.labels.data() + first * k));
    }
    return found;
}

size_t append(void* context, const void* bytes, size_t count) {
    auto& all = *static_cast<Bytes*>(context);
    all.insert(all.end(), static_cast<const uint8_t*>(bytes), static_cast<const uint8_t*>(bytes) + count);
    return count;
}

enum Can { CAN_SEARCH = 0, CAN_SEARCH_RANGE = 1, CAN_REMOVE = 2, CAN_ALL = 3, MOVES_UP = 4 };

/// One index through its life.
///
/// @param distance  of a query and a stored vector, smaller for what is nearer
/// @param least     the share of the true neighbours that must be found
/// @param rounding  how far a distance may be from that of the vector that the index says it stores
template <class Calls>
void check_index(
        const char* name,
        typename Calls::Index* index,
        int can,
        size_t width,
        const Values<Calls>& base,
        const Values<Calls>& queries,
        const std::function<double(const typename Calls::Value*, const typename Calls::Value*)>& distance,
        double least,
        double rounding) {
    const auto n = static_cast<idx_t>(base.size() / width), half = n / 2 + 3;
    const auto count = queries.size() / width;
    const idx_t k = 10;
    Ids ids(n);
    std::iota(ids.begin(), ids.end(), 0);
    const FaissTrainingParameters training{10, 256, 1234};
    const FaissWork work{2, nullptr, nullptr};
    succeeds(name, Calls::train(index, n, base.data(), &training, &work));
    succeeds(name, Calls::add(index, half, base.data(), ids.data(), &work));
    succeeds(name, Calls::add(index, n - half, base.data() + half * width, ids.data() + half, &work));
    CHECK(Calls::count(index) == n, "%s", name);

    const Found found = search<Calls>(name, index, queries, width, k, static_cast<idx_t>(count), 2);
    CHECK(found == search<Calls>(name, index, queries, width, k, 1, 1), "%s: one by one", name);
    CHECK(found == search<Calls>(name, index, queries, width, k, 7, 1), "%s: seven by seven", name);
    Values<Calls> stored(base.size());
    succeeds(name, Calls::reconstruct(index, n, ids.data(), stored.data()));
    size_t right = 0;
    for (size_t query = 0; query < count; ++query) {
        const auto* x = queries.data() + query * width;
        std::vector<std::pair<double, idx_t>> all;
        for (idx_t row = 0; row < n; ++row) {
            all.emplace_back(distance(x, base.data() + row * width), row);
        }
        std::sort(all.begin(), all.end());
        for (idx_t i = 0; i < k; ++i) {
            const idx_t label = found.labels[query * k + i];
            CHECK(label >= 0 && label < n, "%s: query %zu, answer %d", name, query, static_cast<int>(i));
            if (label >= 0 && label < n) {
                const double expected = distance(x, stored.data() + label * width);
                const double answer = found.distances[query * k + i];
                CHECK(is_near(answer, expected, rounding), "%s: distance %g, not %g", name, answer, expected);
                right += distance(x, base.data() + label * width) <= all[k - 1].first + rounding;
            }
        }
    }
    const double recall = static_cast<double>(right) / static_cast<double>(count * k);
    CHECK(recall >= least, "%s: %g of the neighbours found", name, recall);

    if (can & CAN_SEARCH_RANGE) {
        // All that is nearer than the fifth.
        const Values<Calls> one(queries.begin(), queries.begin() + width);
        const Found nearest = search<Calls>(name, index, one, width, 100, 1, 1);
        const float radius = nearest.distances[4];
        const auto nearer = static_cast<size_t>(
                std::lower_bound(nearest.distances.begin(), nearest.distances.end(), radius) - nearest.distances.begin());
        const FaissSearchOptions how = options(1);
        FaissRangeSearchResult* result = nullptr;
        succeeds(name, faiss_RangeSearchResult_new(&result, 1));
        succeeds(name, Calls::range(index, 1, one.data(), radius, &how, result));
        size_t* limits;
        idx_t* labels;
        float* distances;
        faiss_RangeSearchResult_lims(result, &limits);
        faiss_RangeSearchResult_labels(result, &labels, &distances);
        const std::set<idx_t> within(labels, labels + limits[1]);
        CHECK(within == std::set<idx_t>(nearest.labels.begin(), nearest.labels.begin() + nearer), "%s: %zu", name, nearer);
        faiss_RangeSearchResult_free(result);
    }

    Ids kept = ids;
    if (can & CAN_REMOVE) {
        Ids removed;
        kept.clear();
        for (idx_t id = 0; id < n; ++id) {
            (id % 3 == 1 || id > n - 40 ? removed : kept).push_back(id);
        }
        size_t number = 0;
        succeeds(name, Calls::remove(index, removed.size(), removed.data(), &number));
        CHECK(number == removed.size() && Calls::count(index) == static_cast<idx_t>(kept.size()), "%s", name);
        Ids labels = kept;
        if (can & MOVES_UP) {
            std::iota(labels.begin(), labels.end(), 0);
        }
        Values<Calls> left(kept.size() * width);
        succeeds(name, Calls::reconstruct(index, labels.size(), labels.data(), left.data()));
        for (size_t i = 0; i < kept.size(); ++i) {
            const auto* expected = stored.data() + kept[i] * width;
            CHECK(std::equal(expected, expected + width, left.data() + i * width), "%s: id %d", name, static_cast<int>(kept[i]));
        }
    }

    const Found before = search<Calls>(name, index, queries, width, k, 5, 1);
    Bytes bytes, again;
    succeeds(name, Calls::write(index, nullptr, append, &bytes));
    Calls::free(index);
    idx_t* map = nullptr;
    size_t map_count = 0;
    succeeds(name, Calls::read(bytes.data(), bytes.size(), &index, &map, &map_count));
    CHECK(before == search<Calls>(name, index, queries, width, k, 5, 1), "%s: read from its file", name);
    succeeds(name, Calls::write(index, nullptr, append, &again));
    CHECK(bytes == again, "%s: written again", name);
    Calls::free(index);
}

using Make = std::function<int(FaissIndex**, FaissMetricType)>;

void check_floats(const char* name, int can, double least, double rounding, const Make& make) {
    const size_t d = 48, n = 1000, centres = 20;
    const Floats middle = random_floats(centres * d);
    const auto near_centres = [&](size_t count) {
        Floats vectors = random_floats(count * d, -0.4f, 0.4f);
        for (size_t row = 0; row < count; ++row) {
            const float* centre = middle.data() + generator() % centres * d;
            std::transform(centre, centre + d, &vectors[row * d], &vectors[row * d], std::plus<float>());
        }
        return vectors;
    };
    const Floats base = near_centres(n), queries = near_centres(23);
    for (FaissMetricType metric : {METRIC_L2, METRIC_INNER_PRODUCT}) {
        FaissIndex* index = nullptr;
        succeeds(name, make(&index, metric));
        const bool is_l2 = metric == METRIC_L2;
        check_index<FloatCalls>(
                name, index, is_l2 ? can : can & ~CAN_SEARCH_RANGE, d, base, queries,
                [&](const float* x, const float* y) {
                    double sum = 0;
                    for (size_t i = 0; i < d; ++i) {
                        sum += is_l2 ? (x[i] - y[i]) * (x[i] - y[i]) : x[i] * y[i];
                    }
                    return sum;
                },
                is_l2 ? least : 0, // The nearest by this are not the farthest by that.
                rounding);
    }
}

/// With a flat quantizer, which the lists then own.
Make in_lists(const std::function<int(FaissIndex**, FaissIndex*, FaissMetricType)>& make) {
    return [=](FaissIndex** index, FaissMetricType metric) {
        FaissIndex* quantizer = nullptr;
        int code = faiss_IndexFlat_new_with(&quantizer, 48, metric);
        if (code == 0) {
            code = make(index, quantizer, metric);
        }
        if (code == 0) {
            faiss_IndexIVF_set_own_fields(*index, 1);
        }
        return code;
    };
}

void check_binary(const char* name, int can, double least, const std::function<int(FaissIndexBinary**, idx_t)>& make) {
    for (size_t width : {8, 24, 32}) {
        const size_t n = 1000, centres = 20;
        const Bytes middle = random_bytes(centres * width);
        const auto near_centres = [&](size_t count) {
            Bytes vectors(count * width);
            for (size_t row = 0; row < count; ++row) {
                const uint8_t* centre = middle.data() + generator() % centres * width;
                for (size_t i = 0; i < width; ++i) {
                    vectors[row * width + i] = static_cast<uint8_t>(centre[i] ^ (generator() & generator() & generator()));
                }
            }
            return vectors;
        };
        FaissIndexBinary* index = nullptr;
        succeeds(name, make(&index, static_cast<idx_t>(8 * width)));
        check_index<BinaryCalls>(
                name, index, can, width, near_centres(n), near_centres(23),
                [&](const uint8_t* x, const uint8_t* y) {
                    int sum = 0;
                    for (size_t i = 0; i < width; ++i) {
                        sum += __builtin_popcount(x[i] ^ y[i]);
                    }
                    return sum;
                },
                least, 0);
    }
}

} // namespace

void check_indexes() {
    const auto in_place = CAN_ALL | MOVES_UP;
    check_floats("Flat", in_place, 1, 1e-4, [](FaissIndex** index, FaissMetricType metric) {
        return faiss_IndexFlat_new_with(index, 48, metric);
    });
    check_floats("rotation, then SQ8", in_place, 0.95, 1e-3, [](FaissIndex** index, FaissMetricType metric) {
        FaissIndex* inner = nullptr;
        const int code = faiss_IndexScalarQuantizer_new_with(&inner, 48, QT_8bit, metric);
        const FaissTransform rotation{FAISS_TRANSFORM_ROTATION, 48, 48, 0, 0, 0};
        return code == 0 ? faiss_IndexPreTransform_new_prepending(index, &rotation, inner) : code;
    });
    check_floats("SQ8", in_place, 0.95, 1e-4, [](FaissIndex** index, FaissMetricType metric) {
        return faiss_IndexScalarQuantizer_new_with(index, 48, QT_8bit, metric);
    });
    check_floats("PQ", in_place, 0.5, 1e-4, [](FaissIndex** index, FaissMetricType metric) {
        return faiss_IndexPQ_new_with(index, 48, 12, 8, metric);
    });
    check_floats("PQ fast scan", in_place, 0.3, 1e-4, [](FaissIndex** index, FaissMetricType metric) {
        return faiss_IndexPQFastScan_new_with(index, 48, 24, metric);
    });
    check_floats("IVFFlat", CAN_ALL, 0.95, 1e-4, in_lists([](FaissIndex** index, FaissIndex* quantizer, FaissMetricType metric) {
        return faiss_IndexIVFFlat_new_with_metric(index, quantizer, 48, 16, metric);
    }));
    check_floats("IVFSQ8", CAN_ALL, 0.95, 1e-3, in_lists([](FaissIndex** index, FaissIndex* quantizer, FaissMetricType metric) {
        return faiss_IndexIVFScalarQuantizer_new_with_metric(index, quantizer, 48, 16, QT_8bit, metric, 1);
    }));
    check_floats("IVFPQ", CAN_ALL, 0.5, 1e-3, in_lists([](FaissIndex** index, FaissIndex* quantizer, FaissMetricType metric) {
        return faiss_IndexIVFPQ_new_with_metric(index, quantizer, 48, 16, 12, 8, metric);
    }));
    check_floats("IVFPQ fast scan", CAN_ALL, 0.3, 1e-3, in_lists([](FaissIndex** index, FaissIndex* quantizer, FaissMetricType metric) {
        return faiss_IndexIVFPQFastScan_new_with_metric(index, quantizer, 48, 16, 24, metric);
    }));
    check_floats("HNSW", CAN_SEARCH, 0.9, 1e-4, [](FaissIndex** index, FaissMetricType metric) {
        return faiss_IndexHNSWFlat_new_with(index, 48, 16, 60, metric);
    });
    check_binary("binary flat", in_place, 1, faiss_IndexBinaryFlat_new_with);
    check_binary("binary IVF", CAN_ALL, 0.9, [](FaissIndexBinary** index, idx_t d) {
        return faiss_IndexBinaryIVF_new_with(index, d, 16);
    });
    check_binary("binary HNSW", CAN_SEARCH, 0.9, [](FaissIndexBinary** index, idx_t d) {
        return faiss_IndexBinaryHNSW_new_with(index, d, 16, 60);
    });
}
