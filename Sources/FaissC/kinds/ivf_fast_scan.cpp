// Packed product-quantizer codes in inverted lists: IndexIVFPQFastScan. Codes are of the vectors themselves: those of
// residuals become an IndexIVFPQ when they are read.

#include "../learning/product_quantizer.h"
#include "inverted_lists.h"
#include "makers.h"
#include "packed_codes.h"

namespace {

class FastScanListsKind : public BlockListsKind {
  public:
    FastScanListsKind(
            faiss::IndexIVFPQFastScan& index,
            faiss::IndexFlat& centroids,
            faiss::BlockInvertedLists& lists)
            : BlockListsKind(index, centroids, lists, false, &index.pq), index(index) {
        FAISS_THROW_IF_NOT(index.bbs == packed_block);
    }

    void describe(FaissIndexShape& shape) const override {
        ListsKind::describe(shape);
        shape.kind = FAISS_KIND_PQ_FAST_SCAN;
    }

  protected:
    void train_codes(idx_t n, const float* x, Training& training) override {
        train_quantizer(index.pq, n, x, training);
    }

    void write(size_t list, size_t place, idx_t id, const uint8_t* code) override {
        lists.ids[list][place] = id;
        pack(code, index.pq.M, PackedPlace(lists.codes[list].get(), index.M2, place));
    }

    void read(size_t list, std::vector<uint8_t>& codes) const override {
        unpack(index.pq, lists.get_codes(list), index.M2, lists.list_size(list), codes);
    }

    void decode(size_t list, size_t place, float* x) const override {
        decode_packed(index.pq, lists.get_codes(list), index.M2, place, x);
    }

    size_t close_gaps_in_list(size_t list, const AscendingSelector& removed) override {
        const auto& ids = lists.ids[list];
        const auto is_removed = [&](size_t place) { return removed.is_member(ids[place]); };
        return close_gaps_in_blocks(lists.codes[list].get(), index.M2, ids.size(), is_removed);
    }

    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        const Probes probes(centroids, queries.count, queries.x, queries.options.nprobe);
        CodeTables entries(index.pq, metric, false);
        for (idx_t query = 0; query < queries.count; ++query) {
            PackedScan scan(entries.of_query(queries.x + query * index.d), index.M2, *collectors[query]);
            for (const Probe& probe : probes.of(query)) {
                const size_t size = lists.list_size(probe.list);
                const PackedCodes codes{lists.get_codes(probe.list), size, index.M2};
                scan.scan(codes, lists.get_ids(probe.list), 0, 0, size);
            }
        }
    }

  private:
    faiss::IndexIVFPQFastScan& index;
};

} // namespace

FloatKind make_kind(faiss::IndexIVFPQFastScan& index, faiss::IndexFlat& centroids, faiss::BlockInvertedLists& lists) {
    return std::make_unique<FastScanListsKind>(index, centroids, lists);
}
