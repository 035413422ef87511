// RaBitQ codes in inverted lists, of what is left of vectors without the centroids of their lists.

#include "inverted_lists.h"
#include "makers.h"
#include "rabitq.h"

#include "../threads.h"

namespace {

class RaBitQListsKind : public BlockListsKind {
  public:
    RaBitQListsKind(RaBitQLists& index, faiss::IndexFlat& centroids, faiss::BlockInvertedLists& lists)
            : BlockListsKind(index, centroids, lists, true), index(index), rows(index.layout, index.metric_type) {}

    void describe(FaissIndexShape& shape) const override {
        ListsKind::describe(shape);
        shape.kind = FAISS_KIND_RABITQ;
        shape.nbits = index.layout.bits;
    }

    bool has_bounds() const override {
        return RaBitQScan::has_bounds(index.layout);
    }

  protected:
    void train_codes(idx_t, const float*, Training&) override {}

    void store(idx_t n, const float* x, const idx_t* ids, const idx_t* chosen, int threads) override {
        std::vector<uint8_t> made(n * rows.row_bytes());
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            for (idx_t i = first; i < first + count; ++i) {
                if (chosen[i] >= 0) {
                    rows.encode(x + i * index.d, centroid(chosen[i]), made.data() + i * rows.row_bytes());
                }
            }
        });
        put(n, ids, chosen, made.data(), threads);
    }

    void write(size_t list, size_t place, idx_t id, const uint8_t* row) override {
        lists.ids[list][place] = id;
        rows.pack(row, lists.codes[list].get(), place);
    }

    void read(size_t list, std::vector<uint8_t>& codes) const override {
        rows.unpack(lists.get_codes(list), lists.list_size(list), codes);
    }

    void decode(size_t list, size_t place, float* x) const override {
        std::vector<uint8_t> row(rows.row_bytes());
        rows.unpack(lists.get_codes(list), place, row.data());
        rows.decode(row.data(), centroid(list), x);
    }

    size_t close_gaps_in_list(size_t list, const AscendingSelector& removed) override {
        const auto& ids = lists.ids[list];
        const auto is_removed = [&](size_t place) { return removed.is_member(ids[place]); };
        return rows.close_gaps(lists.codes[list].get(), ids.size(), is_removed);
    }

    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        RaBitQScan scan(index.layout, metric, queries.options.are_bounds != 0);
        for_each_probed_list(queries, [&](idx_t list, const Probe* probes, size_t count) {
            scan.clear();
            const float lacking = scan.lacking(centroid(list));
            for (size_t i = 0; i < count; ++i) {
                const size_t query = probes[i].query;
                scan.add(queries.x + query * index.d, centroid(list), probes[i].distance - lacking, collectors[query]);
            }
            scan.scan(lists.get_codes(list), lists.get_ids(list), lists.list_size(list));
        });
    }

  private:
    RaBitQLists& index;
    const RaBitQRows rows;
};

} // namespace

FloatKind make_kind(RaBitQLists& index, faiss::IndexFlat& centroids, faiss::BlockInvertedLists& lists) {
    return std::make_unique<RaBitQListsKind>(index, centroids, lists);
}
