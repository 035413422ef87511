// What all inverted lists do in the same way: IndexIVF. What a list stores, and how it is searched, is the part of the
// kinds ivf_….

#pragma once

#include "../searching/probes.h"
#include "file_lists.h"
#include "kind.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/invlists/BlockInvertedLists.h>

class ListsKind : public ScannedKind<float> {
  public:
    /// @param is_residual  whether codes are of what is left of vectors beside their lists' centroids
    /// @param pq           the product quantizer that makes the codes, or NULL
    /// @param file         the index's lists if a part of them lies in a file, or NULL
    ListsKind(
            faiss::IndexIVF& ivf,
            faiss::IndexFlat& centroids,
            bool is_residual,
            faiss::ProductQuantizer* pq = nullptr,
            FileLists* file = nullptr);

    size_t training_steps(const FaissTrainingParameters& parameters) const override;
    void train(idx_t n, const float* x, Training& training) final;
    void add(idx_t n, const float* x, const idx_t* ids, int threads) final;
    size_t remove(size_t n, const idx_t* labels) override;
    void prepare() final;
    void reconstruct(size_t n, const idx_t* labels, float* x) const override;
    void describe(FaissIndexShape& shape) const override;
    faiss::ProductQuantizer* product_quantizer() const final;
    void copy_labels(idx_t* labels) const override;
    bool replace_labels(const idx_t* ids, size_t count) override;
    void close_gaps(size_t n, const idx_t* removed) override;
    void take_training(FaissContents& contents) const override;
    void take_vectors(FaissContents& contents) const override;
    void append(const FaissContents& contents, idx_t first, size_t n) override;

  protected:
    /// Learns what is stored in lists that are trained.
    virtual void train_codes(idx_t n, const float* x, Training& training) = 0;
    /// Stores vectors in the lists that were chosen for them.
    virtual void store(idx_t n, const float* x, const idx_t* ids, const idx_t* lists, int threads);
    /// The codes of vectors or of what is left of them, on the calling thread: the product quantizer's, if there is one.
    virtual void encode(idx_t n, const float* x, uint8_t* codes) const;
    /// Writes a code to a place, on the thread that writes to this list.
    virtual void write(size_t list, size_t place, idx_t id, const uint8_t* code);
    /// Adds the codes of a list to the end of others, as `encode` makes them.
    virtual void read(size_t list, std::vector<uint8_t>& codes) const;
    virtual void decode(size_t list, size_t place, float* x) const;
    /// Brings up to date what is kept beside codes, after so many vectors were added, or some removed.
    virtual void tidy(size_t added);
    virtual size_t bytes_in_lists() const;

    /// The list of each vector.
    std::vector<idx_t> assigned(idx_t n, const float* x, int threads) const;
    /// What is left of vectors beside the centroids of their lists; all of one whose list is -1.
    std::vector<float> residuals(idx_t n, const float* x, const idx_t* lists) const;
    /// Writes codes to the ends of their lists. One of list -1 is counted and not stored, as in Faiss.
    void put(idx_t n, const idx_t* ids, const idx_t* lists, const uint8_t* codes, int threads);

    const float* centroid(idx_t list) const {
        return centroids.get_xb() + list * ivf.d;
    }

    /// The vectors of a list, in memory and in a file.
    size_t size_of(size_t list) const {
        return ivf.invlists->list_size(list) + (file ? file->size_in_file(list) : 0);
    }

    /// The lists of many queries, ordered by list, twice: the nearest lists first, for they bring the limits down, and
    /// most of what comes later is ignored. Calls body(list, probes, count) for each list that is not empty.
    template <class Body>
    void for_each_probed_list(const Queries<float>& queries, const Body& body) const {
        const Probes probes(centroids, queries.count, queries.x, queries.options.nprobe);
        const auto run = [&](const std::vector<Probe>& ordered) {
            ExpectedLists expected(file);
            for (size_t first = 0, last; first < ordered.size(); first = last) {
                const idx_t list = ordered[first].list;
                for (last = first; last < ordered.size() && ordered[last].list == list; ++last) {
                }
                if (last < ordered.size()) {
                    prefetch_list(ivf.invlists->get_codes(ordered[last].list));
                }
                expected.advance(ordered, first);
                if (size_of(list) > 0) {
                    body(list, ordered.data() + first, last - first);
                }
            }
        };
        if (queries.count == 1) {
            run(probes.of(0));
        } else {
            run(probes.by_list(ivf.nlist, 0, 1));
            run(probes.by_list(ivf.nlist, 1, probes.each));
        }
    }

    faiss::IndexFlat& centroids;
    const bool is_residual;
    FileLists* const file;

  private:
    faiss::IndexIVF& ivf;
    faiss::ProductQuantizer* const pq;
};

/// Lists whose codes lie in blocks of several vectors.
class BlockListsKind : public ListsKind {
  public:
    BlockListsKind(
            faiss::IndexIVF& ivf,
            faiss::IndexFlat& centroids,
            faiss::BlockInvertedLists& lists,
            bool is_residual,
            faiss::ProductQuantizer* pq = nullptr)
            : ListsKind(ivf, centroids, is_residual, pq), lists(lists), ivf(ivf) {}

    size_t remove(size_t n, const idx_t* labels) final;

  protected:
    /// Moves the first codes of a list that the selector has not to its front, and returns how many they are.
    virtual size_t close_gaps_in_list(size_t list, const AscendingSelector& removed) = 0;
    void tidy(size_t) final {}
    size_t bytes_in_lists() const final;

    faiss::BlockInvertedLists& lists;

  private:
    faiss::IndexIVF& ivf;
};
