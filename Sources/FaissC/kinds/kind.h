// What a kind of index can do, whether of vectors of numbers (float) or of bits (uint8_t).
//
// A Faiss index has the data, and Faiss reads and writes it; its kind says how that index works here. A call of the C
// API finds the kind of its index (kinds.h), and from there on everything goes down: one kind into the one inside it,
// a kind into what it stores, which it offers to collectors (../searching) by kernels (../kernels). Each file of this
// folder is one kind.

#pragma once

#include "../learning/product_quantizer.h"
#include "../output.h"
#include "../searching/selectors.h"
#include "transforms.h"

#include <faiss/impl/FaissAssert.h>

#include <memory>

/// What a search is asked: vectors one after the other, and the caller's options.
template <class Value>
struct Queries {
    idx_t count;
    const Value* x;
    const FaissSearchOptions& options;
};

/// An index as its kind handles it. It owns nothing and lives as long as a call.
///
/// Labels are the ids of vectors where lists store them, and otherwise their positions.
template <class Value>
class Kind {
  public:
    virtual ~Kind() = default;

    // MARK: Changing an index, alone

    /// How many steps training reports.
    virtual size_t training_steps(const FaissTrainingParameters&) const {
        return 0;
    }
    virtual void train(idx_t n, const Value* x, Training& training) = 0;
    /// Makes room for n more vectors, where they are stored one behind the other.
    virtual void reserve(idx_t) {}
    /// @param ids  the labels, of an index that stores them
    virtual void add(idx_t n, const Value* x, const idx_t* ids, int threads) = 0;
    /// Removes the vectors with these labels, which ascend, and says how many there were. Later positions move up.
    virtual size_t remove(size_t n, const idx_t* labels) = 0;
    /// Brings up to date what is kept beside codes, of an index that was changed from outside, such as one just read.
    virtual void prepare() {}

    // MARK: Searching, with the calling thread alone unless a kind says otherwise

    /// The k nearest of each query; missing answers are -1.
    virtual void search(const Queries<Value>& queries, idx_t k, float* distances, idx_t* labels) const = 0;
    virtual void search_within(
            const Queries<Value>& queries,
            float radius,
            faiss::RangeSearchResult& result) const = 0;
    /// Whether it knows the least that distances can be, and answers with it where the options ask for it.
    virtual bool has_bounds() const {
        return false;
    }
    /// Copies vectors, decoded where the index stores codes. Throws if a label is not there.
    virtual void reconstruct(size_t n, const idx_t* labels, Value* x) const = 0;

    // MARK: Describing

    /// The kind, its numbers and its bytes, in a shape that was zeros.
    virtual void describe(FaissIndexShape& shape) const = 0;
    /// The transforms before the index inside, in the order in which they are applied, or NULL.
    virtual const std::vector<std::unique_ptr<Transform>>* transforms() const {
        return nullptr;
    }
    /// The product quantizer of the index or of the one inside, or NULL.
    virtual faiss::ProductQuantizer* product_quantizer() const {
        return nullptr;
    }

    // MARK: Writing

    /// Writes an index that libfaiss doesn't know, or that has another inside; false for one that libfaiss is to write.
    virtual bool write_to(IndexOutput&) const {
        return false;
    }

    // MARK: Labels that are stored

    virtual void copy_labels(idx_t*) const {
        FAISS_THROW_MSG("the index stores no ids");
    }
    /// Changes each label that is a position to the id of that position; false where labels are not stored, or are
    /// positions in a part of the index.
    virtual bool replace_labels(const idx_t*, size_t) {
        return false;
    }
    /// Moves labels that are positions up after these were removed, which ascend.
    virtual void close_gaps(size_t, const idx_t*) {}

    // MARK: Merging

    virtual void take_training(FaissContents&) const {
        refuse_merging();
    }
    virtual void take_vectors(FaissContents&) const {
        refuse_merging();
    }
    /// Adds n vectors, with labels that are larger by `first` where they are stored.
    virtual void append(const FaissContents&, idx_t first, size_t n) {
        (void)first, (void)n;
        refuse_merging();
    }

  private:
    [[noreturn]] static void refuse_merging() {
        FAISS_THROW_MSG("indexes of this kind can't be merged");
    }
};

/// Writes an index, whose kind this is.
inline void write(const faiss::Index& index, const Kind<float>& kind, IndexOutput& output) {
    if (!kind.write_to(output)) {
        output.by_libfaiss(index);
    }
}

/// Throws if a label that is a position is not there.
inline void check_position(idx_t label, idx_t count) {
    FAISS_THROW_IF_NOT_FMT(
            label >= 0 && label < count, "no vector has the label %lld", static_cast<long long>(label));
}

/// What a product quantizer adds to a shape that is described.
inline void describe_quantizer(const faiss::ProductQuantizer& pq, FaissIndexShape& shape) {
    shape.M = pq.M;
    shape.nbits = pq.nbits;
    shape.bytes +=
            (pq.centroids.size() + pq.transposed_centroids.size() + pq.centroids_sq_lengths.size()) * sizeof(float);
}

inline void take_quantizer(const faiss::ProductQuantizer& pq, FaissContents& contents) {
    contents.decide("the codebook of the product quantizer", pq.centroids.data(), pq.centroids.size());
}

/// One that offers what it stores to collectors: the same distances and the same answers whatever is asked.
template <class Value>
class ScannedKind : public Kind<Value> {
  public:
    void search(const Queries<Value>& queries, idx_t k, float* distances, idx_t* labels) const override {
        const Selectors selectors(filter(queries.options));
        std::vector<NearestCollector> nearest;
        std::vector<Collector*> collectors;
        nearest.reserve(queries.count);
        collectors.reserve(queries.count);
        for (idx_t query = 0; query < queries.count; ++query) {
            nearest.emplace_back(selectors.get(), k);
            collectors.push_back(&nearest.back());
        }
        scan(queries, collectors.data());
        for (idx_t query = 0; query < queries.count; ++query) {
            nearest[query].finish(metric, distances + query * k, labels + query * k);
        }
    }

    void search_within(
            const Queries<Value>& queries,
            float radius,
            faiss::RangeSearchResult& result) const override {
        const Selectors selectors(filter(queries.options));
        faiss::RangeSearchPartialResult partial(&result);
        for (idx_t query = 0; query < queries.count; ++query) {
            RadiusCollector within(selectors.get(), metric, radius, partial.new_result(query));
            Collector* collector = &within;
            scan({1, queries.x + query * query_length, queries.options}, &collector);
        }
        partial.finalize();
    }

  protected:
    /// @param query_length  how many values a query has
    ScannedKind(ScanMetric metric, size_t query_length) : metric(metric), query_length(query_length) {}

    /// Offers to each query's collector what may be near.
    virtual void scan(const Queries<Value>& queries, Collector* const* collectors) const = 0;

    /// The options that the filter is made of.
    virtual FaissSearchOptions filter(const FaissSearchOptions& options) const {
        return options;
    }

    const ScanMetric metric;

  private:
    const size_t query_length;
};
