// RaBitQ codes (../kernels/rabitq.h), one block behind the other and in inverted lists: what both share.
//
// libfaiss has RaBitQ since 1.11 only, so that the classes that hold the data are our own, whichever version is linked: an
// index of blocks, lists of blocks, and a rotation, which stands in front of either as a transform of an
// IndexPreTransform. Thus everything behind the rotation is an index like others, and what is built around it, from
// principal components to a refinement, works as it does around others. In a file they are as they are or, for Faiss, its
// own classes, which hold the same codes one vector after the other.

#pragma once

#include "../kernels/rabitq.h"
#include "../searching/collector.h"
#include "kind.h"

#include <faiss/IndexIVF.h>
#include <faiss/VectorTransform.h>
#include <faiss/invlists/BlockInvertedLists.h>

#include <vector>

/// A random rotation that takes d log d steps, where one by a matrix takes d². It is the same for all vectors of a length:
/// what it must not depend on are the vectors.
struct FastRotation : faiss::VectorTransform {
    explicit FastRotation(int d);

    /// The matrix of this rotation, row by row.
    std::vector<float> matrix() const;
    void apply_noalloc(idx_t n, const float* x, float* xt) const override;
    void reverse_transform(idx_t n, const float* xt, float* x) const override;
    void check_identical(const faiss::VectorTransform&) const override {}

    std::vector<float> signs;
};

/// Blocks of codes of what is left of vectors without one centre.
struct RaBitQIndex : faiss::Index {
    RaBitQIndex(idx_t d, size_t bits, faiss::MetricType metric);

    void add(idx_t n, const float* x) override;
    void search(
            idx_t n,
            const float* x,
            idx_t k,
            float* distances,
            idx_t* labels,
            const faiss::SearchParameters* params) const override;
    void reset() override;

    const RaBitQLayout layout;
    std::vector<float> center;
    std::vector<uint8_t> blocks;
};

/// BlockInvertedLists of codes of what is left of vectors without their lists' centroids.
struct RaBitQLists : faiss::IndexIVF {
    RaBitQLists(faiss::Index* quantizer, size_t d, size_t lists, size_t bits, faiss::MetricType metric);

    void encode_vectors(idx_t n, const float* x, const idx_t* list_nos, uint8_t* codes, bool include_listnos)
            const override;

    const RaBitQLayout layout;
    faiss::BlockInvertedLists& lists;
};

/// Rows: a vector's part of a block by itself, its code, its term and its factor. By squared L2 the term is r·r, by inner
/// product -c·r. Of one bit, what Faiss stores is stored here as well, so that nothing is lost between the two: √d / 2
/// times the factor, and by inner product c·c / 2 less for the term.
class RaBitQRows {
  public:
    RaBitQRows(const RaBitQLayout& layout, faiss::MetricType metric)
            : layout(layout), is_l2(metric != faiss::METRIC_INNER_PRODUCT), code_bytes(layout.code_bytes() / rabitq_block) {}

    size_t row_bytes() const {
        return code_bytes + 2 * sizeof(float);
    }

    /// The row of x, which lies around a centroid.
    void encode(const float* x, const float* centroid, uint8_t* row) const;
    /// What a row stands for.
    void decode(const uint8_t* row, const float* centroid, float* x) const;

    void pack(const uint8_t* row, uint8_t* blocks, size_t place) const;
    void unpack(const uint8_t* blocks, size_t place, uint8_t* row) const;
    /// Adds `count` rows to the end of others.
    void unpack(const uint8_t* blocks, size_t count, std::vector<uint8_t>& rows) const;
    /// Moves what is to be kept to the front, and returns how many that are.
    template <class IsRemoved>
    size_t close_gaps(uint8_t* blocks, size_t count, const IsRemoved& is_removed) const {
        std::vector<uint8_t> row(row_bytes());
        size_t kept = 0;
        for (size_t place = 0; place < count; ++place) {
            if (is_removed(place)) {
                continue;
            }
            if (kept < place) {
                unpack(blocks, place, row.data());
                pack(row.data(), blocks, kept);
            }
            ++kept;
        }
        return kept;
    }

    // Faiss's own rows: signs, numbers by which it computes distances to these alone, and where there are more bits, the
    // other bits and numbers for all of them.

    size_t faiss_row_bytes() const;
    void to_faiss(const uint8_t* row, const float* centroid, uint8_t* faiss_row) const;
    void from_faiss(const uint8_t* faiss_row, uint8_t* row) const;

    // Files, where rows are of Faiss's kind or of ours.

    size_t row_bytes_in(const IndexOutput& output) const {
        return output.is_for_faiss ? faiss_row_bytes() : row_bytes();
    }
    /// Writes the bits a component, and for Faiss what else its quantizer has.
    void write_quantizer(IndexOutput& output) const;
    /// The rows of blocks as they are to be written.
    std::vector<uint8_t> written(
            const IndexOutput& output,
            const uint8_t* blocks,
            size_t count,
            const float* centroid) const;
    /// Packs rows that were read.
    void pack_read(bool are_faiss, const uint8_t* read, size_t count, uint8_t* blocks) const;

  private:
    uint8_t get(const uint8_t* row, size_t component) const;
    /// Sets bits that were zeros.
    void set(uint8_t* row, size_t component, uint8_t code) const;
    /// v·v
    float square_of_code(const uint8_t* row) const;

    const RaBitQLayout layout;
    const bool is_l2;
    const size_t code_bytes;
};

/// To how many bits a file tells Faiss to round a query's components.
constexpr uint8_t rabitq_query_bits = 8;

/// Queries that blocks are offered to.
class RaBitQScan {
  public:
    /// @param are_bounds  whether to offer the least that distances can be, but in rare cases, in place of estimates
    RaBitQScan(const RaBitQLayout& layout, ScanMetric metric, bool are_bounds);

    /// Errors are known of many components only, among which those of each vector spread alike.
    static bool has_bounds(const RaBitQLayout& layout) {
        return layout.dimension >= 32;
    }

    /// Forgets the queries.
    void clear();
    /// @param centroid  what the codes lie around
    /// @param product   of the query and the centroid, for inner products, less what terms lack
    void add(const float* x, const float* centroid, float product, Collector* collector);
    /// What the terms of codes around a centroid lack.
    float lacking(const float* centroid) const;
    /// Offers `count` codes to all queries.
    void scan(const uint8_t* blocks, const idx_t* ids, size_t count);

  private:
    const RaBitQKernels& kernels;
    const RaBitQLayout layout;
    const ScanMetric metric;
    const bool are_bounds;
    std::vector<int8_t> values;
    std::vector<RaBitQQuery> queries;
    std::vector<Collector*> collectors;
};
