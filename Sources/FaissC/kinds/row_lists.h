// Lists of codes that are searched row by row as they are stored, so that they may also lie in a file.

#pragma once

#include "inverted_lists.h"

class RowListsKind : public ListsKind {
  public:
    /// @param file  the index's lists if a part of them lies in a file, or NULL
    RowListsKind(faiss::IndexIVF& ivf, faiss::IndexFlat& centroids, bool is_residual, FileLists* file)
            : ListsKind(ivf, centroids, is_residual, nullptr, file), ivf(ivf) {}

    /// Whether the codes are such.
    virtual bool has_rows() const {
        return true;
    }
    /// An empty index with the same training, which borrows the centroids.
    virtual std::unique_ptr<faiss::IndexIVF> without_vectors() const = 0;

    /// Puts lists of a file in the place of empty ones.
    void keep_in_file(const FaissListPlace* places, size_t count, size_t code_size, ListSource source);
    /// Reads all lists of the file into memory. Whoever had this kind must ask for another.
    void bring_into_memory();
    /// The bytes of a vector's code.
    size_t code_size() const {
        return ivf.code_size;
    }
    /// Hands on the ids of a list, then its codes.
    void write_list(size_t list, faiss::IOWriter& writer) const;

    void describe(FaissIndexShape& shape) const override;
    bool write_to(IndexOutput& output) const final;
    void copy_labels(idx_t* labels) const final;
    void take_vectors(FaissContents& contents) const final;

  protected:
    /// As for_each_probed_list: calls body(rows, list, probes, count) for the part of each list that is in memory, and for
    /// the part that is in a file.
    ///
    /// @param collectors  of all queries, which `body` offers rows to
    template <class Body>
    void for_each_probed_part(const Queries<float>& queries, Collector* const* collectors, const Body& body) const {
        ListBuffer buffer;
        for_each_probed_list(queries, [&](idx_t list, const Probe* probes, size_t count) {
            const ListRows rows = rows_in_memory(list);
            if (rows.size > 0) {
                body(rows, list, probes, count);
            }
            if (file && file->size_in_file(list) > 0) {
                body(file->read(list, buffer), list, probes, count);
                for (size_t i = 0; i < count; ++i) {
                    collectors[probes[i].query]->settle(); // The next list takes the buffer.
                }
            }
        });
    }

  private:
    ListRows rows_in_memory(size_t list) const {
        return {ivf.invlists->get_codes(list), ivf.invlists->get_ids(list), ivf.invlists->list_size(list)};
    }
    /// Throws where the file has labels or codes: what is done here would miss them.
    void check_in_memory() const;

    faiss::IndexIVF& ivf;
};
