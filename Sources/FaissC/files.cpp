#include "files.h"

#include "kinds/rabitq.h"
#include "kinds/kinds.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_io.h>
#include <faiss/invlists/BlockInvertedLists.h>

namespace {

// MARK: Writing

class Output {
  public:
    Output(faiss::IOWriter& writer, bool is_for_faiss) : writer(writer), is_for_faiss(is_for_faiss) {}

    void index(const faiss::Index& index) {
        if (const auto* map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
            header(dynamic_cast<const faiss::IndexIDMap2*>(map) ? "IxM2" : "IxMp", index);
            this->index(*map->index);
            vector(map->id_map);
        } else if (const auto* pre = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
            header("IxPT", index);
            number(static_cast<int32_t>(pre->chain.size()));
            for (const auto* transform : pre->chain) {
                this->transform(*transform);
            }
            this->index(*pre->index);
        } else if (const auto* refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
            header("IxRF", index);
            this->index(*refine->base_index);
            this->index(*refine->refine_index);
            number(refine->k_factor);
        } else if (const auto* rabitq = dynamic_cast<const RaBitQIndex*>(&index)) {
            rabitq_index(*rabitq);
        } else if (const auto* lists = dynamic_cast<const RaBitQLists*>(&index)) {
            rabitq_lists(*lists);
        } else {
            faiss::write_index(&index, &writer);
        }
    }

  private:
    void bytes(const void* first, size_t count) {
        FAISS_THROW_IF_NOT_MSG(writer(first, 1, count) == count, "the output takes no more bytes");
    }
    template <class Number>
    void number(Number number) {
        bytes(&number, sizeof number);
    }
    template <class Vector>
    void vector(const Vector& elements) {
        number(static_cast<uint64_t>(elements.size()));
        bytes(elements.data(), elements.size() * sizeof(*elements.data()));
    }
    void name(const char* name) {
        bytes(name, 4);
    }
    void header(const char* of, const faiss::Index& index) {
        name(of);
        number(static_cast<int32_t>(index.d));
        number(static_cast<int64_t>(index.ntotal));
        number(int64_t(1 << 20)); // Of no meaning, twice.
        number(int64_t(1 << 20));
        number(static_cast<uint8_t>(index.is_trained));
        number(static_cast<int32_t>(index.metric_type));
    }

    void transform(const faiss::VectorTransform& transform) {
        const auto* rotation = dynamic_cast<const FastRotation*>(&transform);
        if (!rotation) {
            faiss::write_VectorTransform(&transform, &writer);
        } else if (is_for_faiss) {
            faiss::RandomRotationMatrix matrix(rotation->d_in, rotation->d_in);
            matrix.A = rotation->matrix();
            matrix.is_trained = matrix.is_orthonormal = true;
            faiss::write_VectorTransform(&matrix, &writer);
        } else {
            name("SwRo");
            number(static_cast<int32_t>(rotation->d_in));
        }
    }

    void quantizer(const RaBitQLayout& layout, const faiss::Index& index) {
        if (is_for_faiss) {
            number(static_cast<uint64_t>(layout.dimension));
            number(static_cast<uint64_t>(RaBitQRows(layout, index.metric_type).faiss_row_bytes()));
            number(static_cast<int32_t>(index.metric_type));
        }
        if (!is_for_faiss || layout.bits > 1) {
            number(static_cast<uint64_t>(layout.bits));
        }
    }

    /// The rows of blocks, as they are to be written.
    std::vector<uint8_t> rows(
            const RaBitQRows& rows,
            const uint8_t* blocks,
            size_t count,
            const float* centroid) const {
        std::vector<uint8_t> own;
        rows.unpack(blocks, count, own);
        if (!is_for_faiss) {
            return own;
        }
        std::vector<uint8_t> others(count * rows.faiss_row_bytes());
        for (size_t i = 0; i < count; ++i) {
            rows.to_faiss(own.data() + i * rows.row_bytes(), centroid, others.data() + i * rows.faiss_row_bytes());
        }
        return others;
    }

    void rabitq_index(const RaBitQIndex& index) {
        const RaBitQRows rows(index.layout, index.metric_type);
        header(!is_for_faiss ? "SwRx" : index.layout.bits == 1 ? "Ixrq" : "Ixrr", index);
        quantizer(index.layout, index);
        vector(this->rows(rows, index.blocks.data(), index.ntotal, index.center.data()));
        vector(index.center);
        if (is_for_faiss) {
            number(query_bits);
        }
    }

    void rabitq_lists(const RaBitQLists& index) {
        const RaBitQRows rows(index.layout, index.metric_type);
        const uint64_t row_bytes = is_for_faiss ? rows.faiss_row_bytes() : rows.row_bytes();
        header(!is_for_faiss ? "SwRl" : index.layout.bits == 1 ? "Iwrq" : "Iwrr", index);
        number(static_cast<uint64_t>(index.nlist));
        number(static_cast<uint64_t>(index.nprobe));
        this->index(*index.quantizer);
        number(uint8_t(0)); // No map from ids to places.
        number(uint64_t(0));
        quantizer(index.layout, index);
        if (is_for_faiss) {
            number(row_bytes);
            number(uint8_t(1)); // Codes of residuals.
            number(query_bits);
        }
        name("ilar");
        number(static_cast<uint64_t>(index.nlist));
        number(row_bytes);
        name("full");
        std::vector<uint64_t> sizes(index.nlist);
        for (size_t list = 0; list < index.nlist; ++list) {
            sizes[list] = index.invlists->list_size(list);
        }
        vector(sizes);
        const float* centroids = dynamic_cast<const faiss::IndexFlat&>(*index.quantizer).get_xb();
        for (size_t list = 0; list < index.nlist; ++list) {
            const auto own =
                    this->rows(rows, index.invlists->get_codes(list), sizes[list], centroids + list * index.d);
            bytes(own.data(), own.size());
            bytes(index.invlists->get_ids(list), sizes[list] * sizeof(idx_t));
        }
    }

    /// To how many bits Faiss shall round a query's components.
    static constexpr uint8_t query_bits = 8;

    faiss::IOWriter& writer;
    const bool is_for_faiss;
};

// MARK: Reading

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
        std::unique_ptr<faiss::VectorTransform> transform(faiss::read_VectorTransform(&reader));
        const auto* matrix = dynamic_cast<const faiss::RandomRotationMatrix*>(transform.get());
        if (matrix && matrix->d_in == matrix->d_out && !matrix->have_bias) {
            // Our own, which was written for Faiss.
            auto rotation = std::make_unique<FastRotation>(matrix->d_in);
            if (matrix->A == rotation->matrix()) {
                return rotation;
            }
        }
        return transform;
    }

    std::unique_ptr<faiss::Index> refine() {
        faiss::IndexRefine read;
        header(read);
        auto base = index();
        auto exact = index();
        std::unique_ptr<faiss::IndexRefine> refine;
        if (dynamic_cast<faiss::IndexFlat*>(exact.get())) {
            refine = std::make_unique<faiss::IndexRefineFlat>();
        } else {
            refine = std::make_unique<faiss::IndexRefine>();
        }
        static_cast<faiss::Index&>(*refine) = read;
        refine->k_factor = number<float>();
        refine->base_index = base.release();
        refine->refine_index = exact.release();
        refine->own_fields = refine->own_refine_index = true;
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

    /// Packs rows as they were read, of Faiss's kind or ours.
    static void pack(
            const RaBitQRows& rows,
            bool are_faiss,
            const uint8_t* read,
            size_t count,
            uint8_t* blocks) {
        std::vector<uint8_t> row(rows.row_bytes());
        for (size_t i = 0; i < count; ++i) {
            if (are_faiss) {
                rows.from_faiss(read + i * rows.faiss_row_bytes(), row.data());
                rows.pack(row.data(), blocks, i);
            } else {
                rows.pack(read + i * rows.row_bytes(), blocks, i);
            }
        }
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
        const RaBitQRows codec(index->layout, index->metric_type);
        pack(codec, is_faiss, rows.data(), read.ntotal, index->blocks.data());
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
        const RaBitQRows codec(index->layout, index->metric_type);
        for (size_t list = 0; list < list_count; ++list) {
            const size_t count = stored->list_size(list);
            auto& lists = dynamic_cast<faiss::BlockInvertedLists&>(*index->invlists);
            lists.resize(list, count);
            std::copy_n(stored->get_ids(list), count, lists.ids[list].begin());
            pack(codec, is_faiss, stored->get_codes(list), count, lists.codes[list].get());
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

void write_index(const faiss::Index& index, faiss::IOWriter& writer, bool is_for_faiss) {
    Output(writer, is_for_faiss).index(index);
}

std::unique_ptr<faiss::Index> read_any_index(MemoryReader& reader) {
    return Input(reader).index();
}
