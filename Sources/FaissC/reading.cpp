#include "reading.h"

#include "kinds/kinds.h"
#include "kinds/rabitq.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_io.h>
#include <faiss/invlists/BlockInvertedLists.h>

namespace {

class Input {
  public:
    explicit Input(MemoryReader& reader) : reader(reader) {}

    std::unique_ptr<faiss::Index> index() {
        if (is_next("IxMp")) {
            return map<faiss::IndexIDMap>();
        }
        if (is_next("IxM2")) {
            return map<faiss::IndexIDMap2>();
        }
        if (is_next("IxPT")) {
            auto pre = std::make_unique<faiss::IndexPreTransform>();
            pre->own_fields = true;
            header(*pre);
            const auto count = number<int32_t>();
            for (int32_t i = 0; i < count; ++i) {
                pre->chain.push_back(transform().release());
            }
            pre->index = index().release();
            return pre;
        }
        if (is_next("IxRF")) {
            return refine();
        }
        for (const char* own : {"SwRx", "Ixrq", "Ixrr"}) {
            if (is_next(own)) {
                return rabitq_index(own);
            }
        }
        for (const char* own : {"SwRl", "Iwrq", "Iwrr"}) {
            if (is_next(own)) {
                return rabitq_lists(own);
            }
        }
        // The table that is left out here is replaced by terms; see kinds/ivf_pq.cpp.
        return std::unique_ptr<faiss::Index>(faiss::read_index(&reader, faiss::IO_FLAG_SKIP_PRECOMPUTE_TABLE));
    }

  private:
    void bytes(void* first, size_t count) {
        FAISS_THROW_IF_NOT_MSG(reader(first, 1, count) == count, "the input ends too early");
    }
    template <class Number>
    Number number() {
        Number number;
        bytes(&number, sizeof number);
        return number;
    }
    template <class Element>
    std::vector<Element> vector() {
        const auto size = number<uint64_t>();
        FAISS_THROW_IF_NOT_MSG(size <= reader.left / sizeof(Element), "the input ends too early");
        std::vector<Element> elements(size);
        bytes(elements.data(), size * sizeof(Element));
        return elements;
    }
    /// Whether these four letters come next, which are then taken.
    bool is_next(const char* name) {
        if (reader.left < 4 || std::memcmp(reader.next, name, 4) != 0) {
            return false;
        }
        (void)number<uint32_t>();
        return true;
    }
    void header(faiss::Index& index) {
        index.d = number<int32_t>();
        index.ntotal = number<int64_t>();
        (void)number<int64_t>();
        (void)number<int64_t>();
        index.is_trained = number<uint8_t>() != 0;
        index.metric_type = static_cast<faiss::MetricType>(number<int32_t>());
        index.verbose = false;
    }

    template <class Map>
    std::unique_ptr<faiss::Index> map() {
        auto map = std::make_unique<Map>();
        header(*map);
        map->index = index().release();
        map->own_fields = true;
        map->id_map = vector<idx_t>();
        return map;
    }

    std::unique_ptr<faiss::VectorTransform> transform() {
        if (is_next("SwRo")) {
            return std::make_unique<FastRotation>(number<int32_t>());
        }
        return std::unique_ptr<faiss::VectorTransform>(faiss::read_VectorTransform(&reader));
    }

    std::unique_ptr<faiss::Index> refine() {
        auto refine = std::make_unique<faiss::IndexRefine>();
        refine->own_fields = refine->own_refine_index = true;
        header(*refine);
        refine->base_index = index().release();
        refine->refine_index = index().release();
        refine->k_factor = number<float>();
        return refine;
    }

    // What these read was verified: sizes agree with each other.

    /// The bits a component.
    size_t quantizer(const std::string& name) {
        if (name[0] == 'I') {
            (void)number<uint64_t>();
            (void)number<uint64_t>();
            (void)number<int32_t>();
        }
        return name.back() == 'q' ? 1 : number<uint64_t>();
    }

    std::unique_ptr<faiss::Index> rabitq_index(const std::string& name) {
        const bool is_faiss = name[0] == 'I';
        FlatHeader read;
        header(read);
        const size_t bits = quantizer(name);
        auto index = std::make_unique<RaBitQIndex>(read.d, bits, read.metric_type);
        const auto rows = vector<uint8_t>();
        index->center = vector<float>();
        if (is_faiss) {
            (void)number<uint8_t>();
        }
        index->blocks.resize(RaBitQLayout::blocks(read.ntotal) * index->layout.block_bytes());
        RaBitQRows(index->layout, index->metric_type).pack_read(is_faiss, rows.data(), read.ntotal, index->blocks.data());
        index->ntotal = read.ntotal;
        index->is_trained = true;
        return index;
    }

    std::unique_ptr<faiss::Index> rabitq_lists(const std::string& name) {
        const bool is_faiss = name[0] == 'I';
        FlatHeader read;
        header(read);
        const auto list_count = number<uint64_t>();
        (void)number<uint64_t>();
        auto centroids = index();
        if (number<uint8_t>() == 2) {
            (void)vector<idx_t>();
            (void)vector<std::pair<idx_t, idx_t>>();
        } else {
            (void)vector<idx_t>();
        }
        const size_t bits = quantizer(name);
        if (is_faiss) {
            (void)number<uint64_t>();
            (void)number<uint8_t>();
            (void)number<uint8_t>();
        }
        const std::unique_ptr<faiss::InvertedLists> stored(faiss::read_InvertedLists(&reader));
        auto index = std::make_unique<RaBitQLists>(centroids.get(), read.d, list_count, bits, read.metric_type);
        centroids.release();
        index->own_fields = true;
        const RaBitQRows rows(index->layout, index->metric_type);
        for (size_t list = 0; list < list_count; ++list) {
            const size_t count = stored->list_size(list);
            index->lists.resize(list, count);
            std::copy_n(stored->get_ids(list), count, index->lists.ids[list].begin());
            rows.pack_read(is_faiss, stored->get_codes(list), count, index->lists.codes[list].get());
        }
        index->ntotal = read.ntotal;
        index->is_trained = true;
        return index;
    }

    /// What a header is read into.
    using FlatHeader = faiss::IndexFlat;

    MemoryReader& reader;
};

} // namespace

std::unique_ptr<faiss::Index> read_any_index(MemoryReader& reader) {
    return Input(reader).index();
}
