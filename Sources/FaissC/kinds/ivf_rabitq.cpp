// RaBitQ codes in inverted lists, of what is left of vectors without the centroids of their lists.

#include "inverted_lists.h"
#include "makers.h"
#include "rabitq.h"

#include "../threads.h"

namespace {

class RaBitQListsKind : public BlockListsKind {
  public:
    RaBitQListsKind(RaBitQLists& index, faiss::IndexFlat& centroids)
            : BlockListsKind(index, centroids, index.lists, true), index(index), rows(index.layout, index.metric_type) {}

    void describe(FaissIndexShape& shape) const override {
        ListsKind::describe(shape);
        shape.kind = FAISS_KIND_RABITQ;
        shape.nbits = index.layout.bits;
    }

    bool write_to(IndexOutput& output) const override {
        output.header(!output.is_for_faiss ? "SwRl" : index.layout.bits == 1 ? "Iwrq" : "Iwrr", index);
        output.number(static_cast<uint64_t>(index.nlist));
        output.number(static_cast<uint64_t>(index.nprobe));
        output.by_libfaiss(centroids);
        output.number(uint8_t(0)); // No map from ids to places.
        output.number(uint64_t(0));
        rows.write_quantizer(output);
        const uint64_t row_bytes = rows.row_bytes_in(output);
        if (output.is_for_faiss) {
            output.number(row_bytes);
            output.number(uint8_t(1)); // Codes of residuals.
            output.number(rabitq_query_bits);
        }
        output.name("ilar");
        output.number(static_cast<uint64_t>(index.nlist));
        output.number(row_bytes);
        output.name("full");
        std::vector<uint64_t> sizes(index.nlist);
        for (size_t list = 0; list < index.nlist; ++list) {
            sizes[list] = lists.list_size(list);
        }
        output.elements(sizes.data(), sizes.size());
        for (size_t list = 0; list < index.nlist; ++list) {
            const auto written = rows.written(output, lists.get_codes(list), sizes[list], centroid(list));
            output.bytes(written.data(), written.size());
            output.bytes(lists.get_ids(list), sizes[list] * sizeof(idx_t));
        }
        return true;
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

FloatKind make_kind(RaBitQLists& index, faiss::IndexFlat& centroids) {
    return std::make_unique<RaBitQListsKind>(index, centroids);
}
