// The calls of faiss_extension.h that an index of any kind answers, of numbers and of bits: each finds the kind.

#include "guarded.h"
#include "io.h"
#include "kinds/kinds.h"
#include "reading.h"
#include "searching/exact_scan.h"
#include "threads.h"

#include <faiss/IndexIDMap.h>
#include <faiss/index_io.h>

#include <atomic>

namespace {

faiss::RangeSearchResult& cpp(FaissRangeSearchResult* result) {
    return *reinterpret_cast<faiss::RangeSearchResult*>(result);
}

/// Counts the searches that go on.
class Searching {
  public:
    Searching() : others(count.fetch_add(1)) {}
    ~Searching() {
        count.fetch_sub(1);
    }
    Searching(const Searching&) = delete;

    const int others; ///< that had begun before

  private:
    static std::atomic<int> count;
};

std::atomic<int> Searching::count{0};

template <class Index, class Value>
int train(
        Index* index,
        idx_t n,
        const Value* x,
        const FaissTrainingParameters* parameters,
        const FaissWork* work) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        const auto kind = kind_of(*cpp(index));
        Training training(*parameters, *work);
        training.steps = kind->training_steps(*parameters);
        kind->train(n, x, training);
    });
}

template <class Index, class Value>
int add(Index* index, idx_t n, const Value* x, const idx_t* ids, const FaissWork* work) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        kind_of(*cpp(index))->add(n, x, ids, work->threads);
    });
}

template <class Index>
int remove(Index* index, size_t n, const idx_t* labels, size_t* n_removed) {
    return guarded([&] {
        faiss_set_thread_limit(1);
        *n_removed = kind_of(*cpp(index))->remove(n, labels);
    });
}

template <class Index, class Value>
int search(
        const Index* index,
        idx_t n,
        const Value* x,
        idx_t k,
        const FaissSearchOptions* options,
        float* distances,
        idx_t* labels) {
    return guarded([&] {
        // More threads than processors gain nothing: where others search, and many queries mean that others do, each
        // does with its own. And flat indexes alone know how to share a query.
        const Searching searching;
        faiss_set_thread_limit(1);
        FaissSearchOptions own = *options;
        if (n > static_cast<idx_t>(few_queries) || searching.others > 0) {
            own.threads = 1;
        }
        kind_of(*cpp(index))->search({n, x, own}, k, distances, labels);
    });
}

template <class Index, class Value>
int search_within(
        const Index* index,
        idx_t n,
        const Value* x,
        float radius,
        const FaissSearchOptions* options,
        FaissRangeSearchResult* result) {
    return guarded([&] {
        faiss_set_thread_limit(1);
        kind_of(*cpp(index))->search_within({n, x, *options}, radius, cpp(result));
    });
}

template <class Index>
int describe(const Index* index, FaissIndexShape* shape) {
    return guarded([&] {
        *shape = FaissIndexShape{};
        kind_of(*cpp(index))->describe(*shape);
    });
}

/// Reads with `read(reader)` and takes the ids out of a map.
template <class Index, class Read>
int read_index(
        const void* bytes,
        size_t count,
        Index** p_index,
        idx_t** p_ids,
        size_t* p_id_count,
        const Read& read) {
    return guarded([&] {
        MemoryReader reader(bytes, count);
        std::optional<std::vector<idx_t>> map;
        auto index = adopted(read(&reader), map);
        StoredIDs ids = map ? StoredIDs(*map) : StoredIDs();
        ids.release(p_ids, p_id_count);
        *p_index = c(index.release());
    });
}

} // namespace

extern "C" {

// MARK: Training and adding

int faiss_Index_train_with(
        FaissIndex* index,
        idx_t n,
        const float* x,
        const FaissTrainingParameters* parameters,
        const FaissWork* work) {
    return train(index, n, x, parameters, work);
}

int faiss_IndexBinary_train_with(
        FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        const FaissTrainingParameters* parameters,
        const FaissWork* work) {
    return train(index, n, x, parameters, work);
}

int faiss_Index_reserve(FaissIndex* index, idx_t n) {
    return guarded([&] { kind_of(*cpp(index))->reserve(n); });
}

int faiss_Index_add_with(FaissIndex* index, idx_t n, const float* x, const idx_t* ids, const FaissWork* work) {
    return add(index, n, x, ids, work);
}

int faiss_IndexBinary_add_with(
        FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        const idx_t* ids,
        const FaissWork* work) {
    return add(index, n, x, ids, work);
}

int faiss_Index_remove_ascending(FaissIndex* index, size_t n, const idx_t* ids, size_t* n_removed) {
    return remove(index, n, ids, n_removed);
}

int faiss_IndexBinary_remove_ascending(FaissIndexBinary* index, size_t n, const idx_t* ids, size_t* n_removed) {
    return remove(index, n, ids, n_removed);
}

// MARK: Merging

int faiss_Index_contents(const FaissIndex* index, FaissContents** p_contents) {
    return guarded([&] {
        auto contents = std::make_unique<FaissContents>();
        const auto kind = kind_of(*cpp(index));
        kind->take_training(*contents);
        kind->take_vectors(*contents);
        *p_contents = contents.release();
    });
}

void faiss_Contents_free(FaissContents* contents) {
    delete contents;
}

int faiss_Index_compare_training(const FaissIndex* index, const FaissContents* contents, const char** p_difference) {
    return guarded([&] {
        *p_difference = nullptr;
        FaissContents own;
        kind_of(*cpp(index))->take_training(own);
        for (size_t i = 0; i < contents->training.size(); ++i) {
            if (i >= own.training.size() || own.training[i] != contents->training[i]) {
                *p_difference = contents->training[i].first.c_str();
                return;
            }
        }
    });
}

int faiss_Index_append(FaissIndex* index, const FaissContents* contents, size_t n) {
    return guarded([&] { kind_of(*cpp(index))->append(*contents, 0, n); });
}

// MARK: Searching

int faiss_Index_search_with(
        const FaissIndex* index,
        idx_t n,
        const float* x,
        idx_t k,
        const FaissSearchOptions* options,
        float* distances,
        idx_t* labels) {
    return search(index, n, x, k, options, distances, labels);
}

int faiss_IndexBinary_search_with(
        const FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        idx_t k,
        const FaissSearchOptions* options,
        float* distances,
        idx_t* labels) {
    return search(index, n, x, k, options, distances, labels);
}

int faiss_Index_range_search_with(
        const FaissIndex* index,
        idx_t n,
        const float* x,
        float radius,
        const FaissSearchOptions* options,
        FaissRangeSearchResult* result) {
    return search_within(index, n, x, radius, options, result);
}

int faiss_IndexBinary_range_search_with(
        const FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        float radius,
        const FaissSearchOptions* options,
        FaissRangeSearchResult* result) {
    return search_within(index, n, x, radius, options, result);
}

int faiss_Index_reconstruct_labels(const FaissIndex* index, size_t n, const idx_t* labels, float* recons) {
    return guarded([&] { kind_of(*cpp(index))->reconstruct(n, labels, recons); });
}

int faiss_IndexBinary_reconstruct_labels(
        const FaissIndexBinary* index,
        size_t n,
        const idx_t* labels,
        uint8_t* recons) {
    return guarded([&] { kind_of(*cpp(index))->reconstruct(n, labels, recons); });
}

// MARK: Description

int faiss_Index_shape(const FaissIndex* index, FaissIndexShape* shape) {
    return describe(index, shape);
}

int faiss_IndexBinary_shape(const FaissIndexBinary* index, FaissIndexShape* shape) {
    return describe(index, shape);
}

const FaissIndex* faiss_Index_inner(const FaissIndex* index) {
    return c(inner_index(*const_cast<faiss::Index*>(cpp(index))));
}

size_t faiss_Index_transform_count(const FaissIndex* index) {
    const auto* pre = with_transforms(*const_cast<faiss::Index*>(cpp(index)));
    return pre ? pre->chain.size() : 0;
}

int faiss_Index_transform(const FaissIndex* index, size_t place, FaissTransform* transform) {
    return guarded([&] {
        *transform = FaissTransform{};
        kind_of(*cpp(index))->transforms()->at(place)->describe(*transform);
    });
}

int faiss_Index_stored_ids(const FaissIndex* index, idx_t* ids) {
    return guarded([&] { kind_of(*cpp(index))->copy_labels(ids); });
}

int faiss_IndexBinary_stored_ids(const FaissIndexBinary* index, idx_t* ids) {
    return guarded([&] { kind_of(*cpp(index))->copy_labels(ids); });
}

// MARK: Reading and writing

int faiss_write_index_with(
        const FaissIndex* index,
        const idx_t* ids,
        int is_for_faiss,
        FaissWriteFunction function,
        void* context) {
    return guarded([&] {
        FunctionWriter writer(function, context);
        IndexOutput output(writer, is_for_faiss != 0);
        if (ids) {
            output.header("IxM2", *cpp(index));
        }
        write(*cpp(index), *kind_of(*cpp(index)), output);
        if (ids) {
            output.elements(ids, cpp(index)->ntotal);
        }
    });
}

int faiss_write_index_binary_with(
        const FaissIndexBinary* index,
        const idx_t* ids,
        FaissWriteFunction write,
        void* context) {
    return guarded([&] {
        FunctionWriter writer(write, context);
        if (!ids) {
            faiss::write_index_binary(cpp(index), &writer);
            return;
        }
        // By hand: its constructor wants an empty index. It owns nothing, so nothing is freed.
        faiss::IndexBinaryIDMap2 map;
        map.index = const_cast<faiss::IndexBinary*>(cpp(index));
        map.d = map.index->d;
        map.ntotal = map.index->ntotal;
        map.metric_type = map.index->metric_type;
        map.is_trained = map.index->is_trained;
        map.id_map.assign(ids, ids + map.ntotal);
        map.code_size = map.index->code_size;
        faiss::write_index_binary(&map, &writer);
    });
}

int faiss_read_index_with(const void* bytes, size_t count, FaissIndex** p_index, idx_t** p_ids, size_t* p_id_count) {
    return read_index(bytes, count, p_index, p_ids, p_id_count, [](MemoryReader* reader) {
        return read_any_index(*reader);
    });
}

int faiss_read_index_binary_with(
        const void* bytes,
        size_t count,
        FaissIndexBinary** p_index,
        idx_t** p_ids,
        size_t* p_id_count) {
    return read_index(bytes, count, p_index, p_ids, p_id_count, [](faiss::IOReader* reader) {
        return std::unique_ptr<faiss::IndexBinary>(faiss::read_index_binary(reader));
    });
}

} // extern "C"
