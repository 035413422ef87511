#include "inverted_lists.h"

#include "../large_pages.h"
#include "../searching/nearest_centroids.h"
#include "../threads.h"
#include "stored_labels.h"

#include <algorithm>
#include <cstring>

ListsKind::ListsKind(
        faiss::IndexIVF& ivf,
        faiss::IndexFlat& centroids,
        bool is_residual,
        faiss::ProductQuantizer* pq,
        FileLists* file)
        : ScannedKind(metric_of(ivf), ivf.d),
          centroids(centroids),
          is_residual(is_residual),
          file(file),
          ivf(ivf),
          pq(pq) {}

// MARK: Training

size_t ListsKind::training_steps(const FaissTrainingParameters& parameters) const {
    return parameters.niter + (pq ? quantizer_steps(*pq) : 0);
}

void ListsKind::train(idx_t n, const float* x, Training& training) {
    KMeans kmeans = training.kmeans(ivf.d, ivf.nlist, training.parameters.niter);
    // The lengths of centroids would favour some lists over others.
    kmeans.is_spherical = metric == ScanMetric::innerProduct;
    const auto learnt = kmeans.fit(n, x).centroids;
    centroids.reset();
    centroids.add(ivf.nlist, learnt.data());
    train_codes(n, x, training);
    ivf.is_trained = true;
    tidy(0);
}

std::vector<idx_t> ListsKind::assigned(idx_t n, const float* x, int threads) const {
    const size_t d = ivf.d;
    std::vector<idx_t> lists(n);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        assign_nearest(
                centroids.metric_type,
                d,
                x + first * d,
                d,
                count,
                centroids.get_xb(),
                centroids.ntotal,
                lists.data() + first,
                nullptr);
    });
    return lists;
}

std::vector<float> ListsKind::residuals(idx_t n, const float* x, const idx_t* lists) const {
    const size_t d = ivf.d;
    std::vector<float> left(x, x + n * d);
    for (idx_t i = 0; i < n; ++i) {
        for (size_t j = 0; lists[i] >= 0 && j < d; ++j) {
            left[i * d + j] -= centroid(lists[i])[j];
        }
    }
    return left;
}

// MARK: Adding

void ListsKind::add(idx_t n, const float* x, const idx_t* ids, int threads) {
    const std::vector<idx_t> lists = assigned(n, x, threads);
    store(n, x, ids, lists.data(), threads);
    tidy(n);
}

void ListsKind::store(idx_t n, const float* x, const idx_t* ids, const idx_t* lists, int threads) {
    std::vector<uint8_t> codes(n * ivf.code_size);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        const float* vectors = x + first * ivf.d;
        std::vector<float> left;
        if (is_residual) {
            left = residuals(count, vectors, lists + first);
            vectors = left.data();
        }
        encode(count, vectors, codes.data() + first * ivf.code_size);
    });
    put(n, ids, lists, codes.data(), threads);
}

void ListsKind::encode(idx_t n, const float* x, uint8_t* codes) const {
    ::encode(*pq, x, n, codes);
}

void ListsKind::put(idx_t n, const idx_t* ids, const idx_t* lists, const uint8_t* codes, int threads) {
    // Each list grows once: its memory moves when it does.
    std::vector<size_t> ends(ivf.nlist);
    for (idx_t i = 0; i < n; ++i) {
        if (lists[i] >= 0) { // There is no nearest centroid to a vector of which no distance is a number.
            ++ends[lists[i]];
        }
    }
    for (size_t list = 0; list < ivf.nlist; ++list) {
        const size_t size = ivf.invlists->list_size(list);
        if (ends[list] > 0) {
            ivf.invlists->resize(list, size + ends[list]);
        }
        ends[list] = size; // From here on the place of the next one.
    }
    in_slices(static_cast<idx_t>(ivf.nlist), threads, [&](idx_t first, idx_t count) {
        for (idx_t i = 0; i < n; ++i) {
            if (lists[i] >= first && lists[i] < first + count) {
                write(lists[i], ends[lists[i]]++, ids[i], codes + i * ivf.code_size);
            }
        }
    });
    ivf.ntotal += n;
}

void ListsKind::write(size_t list, size_t place, idx_t id, const uint8_t* code) {
    const_cast<idx_t*>(ivf.invlists->get_ids(list))[place] = id;
    std::memcpy(const_cast<uint8_t*>(ivf.invlists->get_codes(list)) + place * ivf.code_size, code, ivf.code_size);
}

size_t ListsKind::remove(size_t n, const idx_t* labels) {
    const size_t removed = ivf.remove_ids(AscendingSelector(labels, n));
    tidy(0);
    return removed;
}

void ListsKind::prepare() {
    tidy(ivf.ntotal);
}

void ListsKind::tidy(size_t added) {
    // Lists that grow move, so that this is for additions that are a good part of the whole.
    if (added >= 4096 && added >= static_cast<size_t>(ivf.ntotal) / 4) {
        move_to_large_pages(*ivf.invlists, ivf.code_size);
    }
}

// MARK: Reading

void ListsKind::reconstruct(size_t n, const idx_t* labels, float* x) const {
    find_labels(*ivf.invlists, n, labels, [&](size_t list, size_t place, size_t number) {
        decode(list, place, x + number * ivf.d);
    });
}

void ListsKind::decode(size_t list, size_t place, float* x) const {
    ivf.reconstruct_from_offset(list, place, x);
}

void ListsKind::describe(FaissIndexShape& shape) const {
    shape.nlist = ivf.nlist;
    shape.bytes = centroids.codes.size() + bytes_in_lists();
    if (pq) {
        describe_quantizer(*pq, shape);
    }
}

faiss::ProductQuantizer* ListsKind::product_quantizer() const {
    return pq;
}

size_t ListsKind::bytes_in_lists() const {
    size_t vectors = 0;
    for (size_t list = 0; list < ivf.nlist; ++list) {
        vectors += ivf.invlists->list_size(list);
    }
    return vectors * (ivf.code_size + sizeof(idx_t));
}

void ListsKind::copy_labels(idx_t* labels) const {
    copy_stored_labels(*ivf.invlists, labels);
}

bool ListsKind::replace_labels(const idx_t* ids, size_t count) {
    replace_stored_labels(*ivf.invlists, ids, count);
    return true;
}

void ListsKind::close_gaps(size_t n, const idx_t* removed) {
    for_each_label(*ivf.invlists, [&](idx_t& place) {
        place -= std::lower_bound(removed, removed + n, place) - removed;
    });
}

// MARK: Merging

void ListsKind::take_training(FaissContents& contents) const {
    contents.decide("the centroids of the lists", centroids.codes.data(), centroids.codes.size());
    contents.decide("whether lists hold residuals", &is_residual, 1);
    if (pq) {
        take_quantizer(*pq, contents);
    }
}

void ListsKind::take_vectors(FaissContents& contents) const {
    contents.labels.resize(ivf.ntotal);
    copy_labels(contents.labels.data());
    contents.codes.reserve(ivf.ntotal * ivf.code_size);
    for (size_t list = 0; list < ivf.nlist; ++list) {
        contents.sizes.push_back(ivf.invlists->list_size(list));
        read(list, contents.codes);
    }
}

void ListsKind::read(size_t list, std::vector<uint8_t>& codes) const {
    const uint8_t* stored = ivf.invlists->get_codes(list);
    codes.insert(codes.end(), stored, stored + ivf.invlists->list_size(list) * ivf.code_size);
}

void ListsKind::append(const FaissContents& contents, idx_t first, size_t n) {
    FAISS_THROW_IF_NOT_MSG(
            contents.sizes.size() == ivf.nlist && contents.codes.size() == n * ivf.code_size,
            "the lists of two indexes differ");
    std::vector<idx_t> labels(contents.labels), lists;
    for (idx_t& label : labels) {
        label += first;
    }
    lists.reserve(n);
    for (size_t list = 0; list < ivf.nlist; ++list) {
        lists.insert(lists.end(), contents.sizes[list], static_cast<idx_t>(list));
    }
    put(n, labels.data(), lists.data(), contents.codes.data(), 1);
    tidy(n);
}

// MARK: Blocks

size_t BlockListsKind::remove(size_t n, const idx_t* labels) {
    const AscendingSelector selector(labels, n);
    const idx_t before = ivf.ntotal;
    ivf.ntotal = 0;
    for (size_t list = 0; list < lists.nlist; ++list) {
        const size_t kept = close_gaps_in_list(list, selector);
        auto& ids = lists.ids[list];
        ids.erase(
                std::remove_if(ids.begin(), ids.end(), [&](idx_t id) { return selector.is_member(id); }), ids.end());
        lists.resize(list, kept);
        ivf.ntotal += kept;
    }
    return before - ivf.ntotal;
}

size_t BlockListsKind::bytes_in_lists() const {
    size_t bytes = 0;
    for (size_t list = 0; list < lists.nlist; ++list) {
        bytes += lists.codes[list].size() + lists.list_size(list) * sizeof(idx_t);
    }
    return bytes;
}
