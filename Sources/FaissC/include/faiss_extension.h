// What the Faiss C API of version 1.7.3 lacks and the Swift layer needs.
//
// Conventions, the same as the official API's: a function that can fail returns 0 or a negative code, and the calling
// thread's message is then in faiss_get_last_error(). No C++ exception leaves a function, nothing is printed.
//
// Ownership: an object that a function hands out through a `p_…` parameter belongs to the caller, who frees it with
// the class's `…_free`. Every other pointer that goes in stays the caller's and is not kept after the call, with one
// exception, the quantizer of an IVF constructor: see there.
//
// Threads: any number of searches, reconstructions and descriptions of one index may run at the same time; everything
// that takes a non-const index must run alone.

#ifndef SWIFT_FAISS_EXTENSION_H
#define SWIFT_FAISS_EXTENSION_H

#include <faiss/c_api/IndexBinary_c.h>
#include <faiss/c_api/Index_c.h>
#include <faiss/c_api/faiss_c.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Codes beside FaissErrorCode

enum {
    /// An allocation failed.
    FAISS_OUT_OF_MEMORY = -16,
    /// The progress function asked to stop.
    FAISS_CANCELLED = -32,
    /// The environment variable SWIFT_FAISS_SIMD names no vector instructions that this processor has.
    FAISS_WRONG_LEVEL = -64,
    /// The file of inverted lists can't be read.
    FAISS_FILE_FAILED = -128,
    /// The file of inverted lists is not what was written.
    FAISS_FILE_DAMAGED = -256,
};

// MARK: Threads and progress

/// How long work is done and watched.
typedef struct FaissWork {
    /// Threads to use, at least 1.
    int threads;
    /// Called on the calling thread before each step; any answer but 0 stops the work. May be NULL.
    int (*progress)(void* context, size_t step, size_t steps);
    void* context;
} FaissWork;

/// Limits the OpenMP teams that the calling thread opens, and only those. OpenBLAS is limited to one thread for the
/// whole process the first time: its own threads beside those of the caller cost 1.4 to 3.6 times.
void faiss_set_thread_limit(int threads);

// MARK: Construction

/// IndexIVFPQ, built directly: the index factory would train polysemous codes, eight times as slow and of no use here.
///
/// Like the official IVF constructors this borrows `quantizer`: until faiss_IndexIVF_set_own_fields(index, 1) gives it
/// away, the caller frees it, after the index.
int faiss_IndexIVFPQ_new_with_metric(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t M,
        size_t nbits,
        FaissMetricType metric);

/// IndexPQ: product-quantized vectors one after the other.
int faiss_IndexPQ_new_with(FaissIndex** p_index, idx_t d, size_t M, size_t nbits, FaissMetricType metric);

/// IndexPQFastScan: codes of 4 bits in blocks of 32 vectors.
int faiss_IndexPQFastScan_new_with(FaissIndex** p_index, idx_t d, size_t M, FaissMetricType metric);

/// IndexIVFPQFastScan: the same in inverted lists, of the vectors themselves, not of residuals. Borrows `quantizer` as
/// above.
int faiss_IndexIVFPQFastScan_new_with_metric(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t M,
        FaissMetricType metric);

typedef enum FaissTransformKind {
    FAISS_TRANSFORM_OTHER,
    FAISS_TRANSFORM_PCA,           ///< PCAMatrix
    FAISS_TRANSFORM_OPQ,           ///< OPQMatrix, or another matrix in front of a product quantizer
    FAISS_TRANSFORM_ROTATION,      ///< RandomRotationMatrix, or another matrix
    FAISS_TRANSFORM_NORMALIZATION, ///< NormalizationTransform, to length 1
    FAISS_TRANSFORM_FAST_ROTATION, ///< a random rotation that needs no matrix, in front of RaBitQ
} FaissTransformKind;

typedef struct FaissTransform {
    FaissTransformKind kind;
    int d_in;
    int d_out;
    size_t M;        ///< OPQ: subquantizers
    int is_whitened; ///< PCA: every component has the variance 1
    int is_rotated;  ///< PCA: a random rotation follows
} FaissTransform;

/// IndexPreTransform with this transform in front of `inner`, or `inner` itself with one more in its chain. On success
/// `inner` belongs to the new index.
int faiss_IndexPreTransform_new_prepending(FaissIndex** p_index, const FaissTransform* transform, FaissIndex* inner);

/// IndexRefineFlat around `base`, which on success belongs to it.
int faiss_IndexRefineFlat_new_around(FaissIndex** p_index, FaissIndex* base, float k_factor);

/// RaBitQ codes of 1 to 4 bits a component, which are made for vectors that a random rotation stands in front of.
int faiss_RaBitQ_new_with(FaissIndex** p_index, idx_t d, size_t nbits, FaissMetricType metric);

/// The same in inverted lists, of residuals. Borrows `quantizer` as above.
int faiss_IVFRaBitQ_new_with(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t nbits,
        FaissMetricType metric);

/// IndexHNSWFlat with M links a vector (2 M on the base level).
int faiss_IndexHNSWFlat_new_with(FaissIndex** p_index, idx_t d, int M, int efConstruction, FaissMetricType metric);

// MARK: Training and adding

typedef struct FaissTrainingParameters {
    int niter;                   ///< iterations of the coarse k-means
    int max_points_per_centroid; ///< a larger training set is sampled
    int seed;
} FaissTrainingParameters;

/// Trains with the assignment steps sliced over threads. Steps are the iterations of all k-means runs.
int faiss_Index_train_with(
        FaissIndex* index,
        idx_t n,
        const float* x,
        const FaissTrainingParameters* parameters,
        const FaissWork* work);

/// Makes room for n more vectors, where they are stored one behind the other: room made bit by bit is copied each time.
int faiss_Index_reserve(FaissIndex* index, idx_t n);

/// Adds vectors: to an IVF index, also behind a transform, under `ids`, to any other under the next positions (`ids` is
/// then ignored).
int faiss_Index_add_with(FaissIndex* index, idx_t n, const float* x, const idx_t* ids, const FaissWork* work);

/// Removes the labels in `ids`, which must ascend. An index with positions for labels moves later vectors up.
int faiss_Index_remove_ascending(FaissIndex* index, size_t n, const idx_t* ids, size_t* n_removed);

// MARK: Merging

/// What an index holds, and what its training has decided: a copy that outlives it.
typedef struct FaissContents FaissContents;

/// Takes the contents out of an index without a graph, as codes. To be released with faiss_Contents_free.
int faiss_Index_contents(const FaissIndex* index, FaissContents** p_contents);
void faiss_Contents_free(FaissContents* contents);

/// Compares what training has decided; the indexes have the same shape. `p_difference` gets the name of the first part
/// that differs, which lives as long as the contents, or NULL.
int faiss_Index_compare_training(const FaissIndex* index, const FaissContents* contents, const char** p_difference);

/// Adds contents of n vectors to an index that was trained the same: to an IVF index, also behind a transform, under
/// their labels, to any other under the next positions.
int faiss_Index_append(FaissIndex* index, const FaissContents* contents, size_t n);

// MARK: Searching

/// One node of an id filter in postfix order: operands stand before their operator.
typedef enum FaissFilterOperation {
    FAISS_FILTER_RANGE,     ///< first ≤ id < last
    FAISS_FILTER_ASCENDING, ///< id is in `ids`, which ascend
    FAISS_FILTER_BITMAP,    ///< bit (id - first) of `bits` is set, first ≤ id < last
    FAISS_FILTER_AND,       ///< of the two nodes before
    FAISS_FILTER_OR,        ///< of the two nodes before
    FAISS_FILTER_NOT,       ///< of the node before
} FaissFilterOperation;

typedef struct FaissFilterNode {
    FaissFilterOperation operation;
    idx_t first;
    idx_t last;
    const idx_t* ids;
    size_t id_count;
    const uint64_t* bits;
} FaissFilterNode;

typedef struct FaissSearchOptions {
    /// Lists to visit, for IVF indexes.
    size_t nprobe;
    /// Candidates to keep, for HNSW indexes.
    int efSearch;
    /// Candidates an answer, for IndexRefineFlat; 0 for as many as the index says.
    float k_factor;
    /// Threads that may share the rows of a large flat index where there are few queries and no other search, at least
    /// 1. Anything else is done by the calling thread alone.
    int threads;
    /// The filter, or no node for none.
    const FaissFilterNode* filter;
    size_t filter_count;
    /// What the filter sees instead of label i: external_ids[i], where a negative entry is never found. NULL where
    /// labels are the ids themselves.
    const idx_t* external_ids;
    size_t external_id_count;
    /// Whether a negative entry exists, so that a search without a filter must look at external_ids too.
    int has_removed;
    /// Whether RaBitQ shall answer with the least that distances can be, but in rare cases, in place of estimates.
    int are_bounds;
} FaissSearchOptions;

/// k-nearest search; missing answers are -1.
int faiss_Index_search_with(
        const FaissIndex* index,
        idx_t n,
        const float* x,
        idx_t k,
        const FaissSearchOptions* options,
        float* distances,
        idx_t* labels);

/// Search within a distance with the calling thread alone.
int faiss_Index_range_search_with(
        const FaissIndex* index,
        idx_t n,
        const float* x,
        float radius,
        const FaissSearchOptions* options,
        FaissRangeSearchResult* result);

/// Copies the stored vectors of n labels to recons (n * d), decoded where the index stores codes. An IVF index is
/// scanned once. Fails if a label is not there.
int faiss_Index_reconstruct_labels(const FaissIndex* index, size_t n, const idx_t* labels, float* recons);

// MARK: Clustering

typedef struct FaissKMeansParameters {
    size_t d, k;
    int niter;
    int nredo;
    int is_plus_plus; ///< start by k-means++, or from random points
    int spherical;
    size_t max_points_per_centroid; ///< a larger set is sampled
    uint64_t seed;
    const float* weights; ///< of points, not negative; NULL for 1 each
    const float* initial; ///< k * d first centroids of the first run, or NULL
} FaissKMeansParameters;

/// k-means by squared L2 of n points, k or more. Steps are iterations, of all restarts; it ends before `niter` where
/// nothing changes any more.
///
/// @param centroids   output, k * d
/// @param objective   output, room for `niter` values: the sum of squared distances before each iteration's update,
///                    of the best run
/// @param iterations  output, how many values of `objective` are set
int faiss_kmeans_with(
        size_t n,
        const float* x,
        const FaissKMeansParameters* parameters,
        const FaissWork* work,
        float* centroids,
        double* objective,
        size_t* iterations);

// MARK: Projection

/// The `count` directions in which n vectors differ most, n > 1. Steps are blocks of vectors, and one at the end.
///
/// @param mean        output, d
/// @param components  output, count * d: directions of length 1, the strongest first, each with its largest component
///                    positive; zeros where the vectors differ in no more directions
/// @param variances   output, count: the variance along each, with n - 1 in the denominator
/// @param total       output: the sum of the variances of all d dimensions
int faiss_principal_components(
        size_t n,
        size_t d,
        const float* x,
        size_t count,
        const FaissWork* work,
        double* mean,
        double* components,
        double* variances,
        double* total);

/// projected = (x - mean_in) * matrix' + mean_out, with n vectors of d_in numbers and a matrix of d_out rows. A mean may
/// be NULL for zeros.
int faiss_project(
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const double* mean_in,
        const float* matrix,
        const double* mean_out,
        int threads,
        float* projected);

// MARK: Description

typedef enum FaissIndexKind {
    FAISS_KIND_OTHER,
    FAISS_KIND_FLAT,
    FAISS_KIND_SQ,
    FAISS_KIND_PQ,
    FAISS_KIND_PQ_FAST_SCAN,
    FAISS_KIND_HNSW_FLAT,
    FAISS_KIND_PRETRANSFORM,
    FAISS_KIND_REFINE_FLAT,
    FAISS_KIND_RABITQ,
} FaissIndexKind;

typedef struct FaissIndexShape {
    FaissIndexKind kind; ///< in inverted lists: what they store
    size_t nlist;        ///< of inverted lists, 0 where there are none
    size_t M;            ///< PQ: subquantizers; HNSW_FLAT: links a vector
    size_t nbits;        ///< PQ, RABITQ
    int efConstruction;  ///< HNSW_FLAT
    int qtype;           ///< SQ: a FaissQuantizerType
    float k_factor;      ///< REFINE_FLAT
    size_t bytes;        ///< memory of vectors, codes, ids, centroids, tables and links, of what is inside as well
} FaissIndexShape;

int faiss_Index_shape(const FaissIndex* index, FaissIndexShape* shape);

/// The index inside an IndexPreTransform or the base of an IndexRefineFlat, which stays its; NULL for any other.
const FaissIndex* faiss_Index_inner(const FaissIndex* index);

/// The transforms of an IndexPreTransform, in the order in which they are applied.
size_t faiss_Index_transform_count(const FaissIndex* index);
int faiss_Index_transform(const FaissIndex* index, size_t place, FaissTransform* transform);

/// Copies the ids that the inverted lists of an index or of what is inside it store, list after list, to `ids` (room
/// for ntotal).
int faiss_Index_stored_ids(const FaissIndex* index, idx_t* ids);

// MARK: Reading and writing

/// Takes the next bytes; anything but `count` as an answer means failure.
typedef size_t (*FaissWriteFunction)(void* context, const void* bytes, size_t count);

/// Writes in Faiss's format. With `ids`, which must be ntotal many, as an IndexIDMap2 around the index.
///
/// @param is_for_faiss  whether Faiss itself shall read it: RaBitQ is then written as Faiss does since 1.14 (1 bit:
///                      1.11), with a matrix for its rotation, and otherwise as it is
int faiss_write_index_with(
        const FaissIndex* index,
        const idx_t* ids,
        int is_for_faiss,
        FaissWriteFunction write,
        void* context);

/// Reads Faiss's format from memory. An IndexIDMap is opened: `p_index` gets what is inside, and `p_ids` its map, to be
/// released with free(); NULL where there was no map, or where it was around an IVF index, which then stores the ids.
/// The map may also stand behind transforms.
///
/// What is read in another shape than it was written: lists whose quantizer is a graph get a flat one over the same
/// centroids; a graph over codes (IndexHNSWSQ, IndexHNSWPQ) and a refinement by codes become those by the decoded vectors;
/// packed codes of residuals (IndexIVFPQFastScan) are unpacked into an IndexIVFPQ; scalar quantizers with one range for all
/// components, and QT_8bit_direct, get the same range for each.
///
/// Faiss trusts its input: sizes in it must have been checked, or it may crash, hang or ask for terabytes.
int faiss_read_index_with(const void* bytes, size_t count, FaissIndex** p_index, idx_t** p_ids, size_t* p_id_count);

// MARK: Inverted lists in a file
//
// Of IndexIVFFlat, and of IndexIVFScalarQuantizer with codes of 8 bits; the functions fail for any other index.

/// Where a list is in a file: its ids, 8 bytes each, then its codes.
typedef struct FaissListPlace {
    uint64_t offset;
    uint32_t count; ///< of vectors
    uint32_t checksum;
} FaissListPlace;

/// How a file is read, by any number of threads at the same time.
typedef struct FaissListSource {
    void* context;
    /// Reads `size` bytes and compares their checksum. Returns 0, or FAISS_FILE_FAILED or FAISS_FILE_DAMAGED with a text
    /// of less than `room` bytes in `message`, zero at its end.
    int (*read)(
            void* context,
            uint64_t offset,
            size_t size,
            uint32_t checksum,
            void* bytes,
            char* message,
            size_t room);
    /// Told which bytes will be read soon.
    void (*expect)(void* context, uint64_t offset, size_t size);
    /// Called once, when nothing is read any more.
    void (*release)(void* context);
} FaissListSource;

/// Makes the lists of a trained index without vectors those of a file. The source is the index's, and released at once if
/// the call fails.
///
/// Searches see what is in the file and what is added later, which is in memory; everything else that is done with
/// vectors knows the latter only, or fails.
int faiss_Index_keep_lists_in_file(
        FaissIndex* index,
        const FaissListPlace* places,
        size_t list_count,
        size_t code_size,
        FaissListSource source);

/// Reads the lists of such an index into memory, which is then like any other.
int faiss_Index_bring_lists_into_memory(FaissIndex* index);

/// The bytes of a vector's code.
int faiss_Index_code_size(const FaissIndex* index, size_t* p_size);

/// Hands on the ids and then the codes of a list, in memory and in a file.
int faiss_Index_write_list(const FaissIndex* index, size_t list, FaissWriteFunction write, void* context);

/// Writes the index without its vectors in Faiss's format.
int faiss_Index_write_trained_part(const FaissIndex* index, FaissWriteFunction write, void* context);

// MARK: Binary vectors
//
// Each as the function above that is named like it. Vectors are d / 8 bytes, distances are numbers of different bits.

/// IndexBinaryFlat; d is a multiple of 8.
int faiss_IndexBinaryFlat_new_with(FaissIndexBinary** p_index, idx_t d);

/// IndexBinaryIVF, which owns its quantizer, an IndexBinaryFlat.
int faiss_IndexBinaryIVF_new_with(FaissIndexBinary** p_index, idx_t d, size_t nlist);

/// IndexBinaryHNSW.
int faiss_IndexBinaryHNSW_new_with(FaissIndexBinary** p_index, idx_t d, int M, int efConstruction);

int faiss_IndexBinary_train_with(
        FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        const FaissTrainingParameters* parameters,
        const FaissWork* work);

int faiss_IndexBinary_add_with(
        FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        const idx_t* ids,
        const FaissWork* work);

int faiss_IndexBinary_remove_ascending(FaissIndexBinary* index, size_t n, const idx_t* ids, size_t* n_removed);

/// Labels are external ids where there are some. Equally far vectors are found in the order of their labels, but in a
/// graph, which knows its positions only.
int faiss_IndexBinary_search_with(
        const FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        idx_t k,
        const FaissSearchOptions* options,
        float* distances,
        idx_t* labels);

/// Not for graphs.
int faiss_IndexBinary_range_search_with(
        const FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        float radius,
        const FaissSearchOptions* options,
        FaissRangeSearchResult* result);

int faiss_IndexBinary_reconstruct_labels(
        const FaissIndexBinary* index,
        size_t n,
        const idx_t* labels,
        uint8_t* recons);

int faiss_IndexBinary_shape(const FaissIndexBinary* index, FaissIndexShape* shape);

int faiss_IndexBinary_stored_ids(const FaissIndexBinary* index, idx_t* ids);

int faiss_write_index_binary_with(
        const FaissIndexBinary* index,
        const idx_t* ids,
        FaissWriteFunction write,
        void* context);

int faiss_read_index_binary_with(
        const void* bytes,
        size_t count,
        FaissIndexBinary** p_index,
        idx_t** p_ids,
        size_t* p_id_count);

#ifdef __cplusplus
}
#endif

#endif
