// Faiss's own file format, to and from memory.

#include "flat_index.h"
#include "guarded.h"
#include "io.h"
#include "nested.h"
#include "packed_codes.h"
#include "scanning.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/index_io.h>

#include <memory>
#include <vector>

namespace {

/// The inverted lists of an index that stores its ids in them, NULL for any other: a refined one stores places.
faiss::IndexIVF* lists_with_ids(faiss::Index* index) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(index)) {
        return lists_with_ids(pre->index);
    }
    return dynamic_cast<faiss::IndexIVF*>(index);
}

/// Gives each component the range that it has in common with all others. QT_8bit_direct, whose codes are the numbers
/// themselves, has one, too: a code of 8 bits stands for the middle of its 255th.
void adopt_ranges(faiss::ScalarQuantizer& quantizer) {
    float low, width;
    switch (quantizer.qtype) {
        case faiss::ScalarQuantizer::QT_8bit_uniform:
        case faiss::ScalarQuantizer::QT_4bit_uniform:
            low = quantizer.trained.at(0);
            width = quantizer.trained.at(1);
            break;
        case faiss::ScalarQuantizer::QT_8bit_direct:
            low = -0.5f;
            width = 255;
            break;
        default:
            return;
    }
    const bool is_small = quantizer.qtype == faiss::ScalarQuantizer::QT_4bit_uniform;
    quantizer.qtype = is_small ? faiss::ScalarQuantizer::QT_4bit : faiss::ScalarQuantizer::QT_8bit;
    quantizer.trained.assign(quantizer.d, low);
    quantizer.trained.insert(quantizer.trained.end(), quantizer.d, width);
}

/// The vectors that codes stand for, in their order.
void decode_into(faiss::IndexFlat& vectors, const faiss::Index& codes) {
    vectors.codes.resize(codes.ntotal * codes.d * sizeof(float));
    if (codes.ntotal > 0) {
        codes.reconstruct_n(0, codes.ntotal, vectors.get_xb());
    }
    vectors.ntotal = codes.ntotal;
}

/// A graph over codes, or a refinement by them, as one over the vectors that they stand for, which has the same
/// distances; NULL for any other. What was inside of a refinement moves to the new one.
std::unique_ptr<faiss::Index> over_decoded_vectors(faiss::Index* index) {
    if (auto* refine = dynamic_cast<faiss::IndexRefine*>(index)) {
        if (dynamic_cast<faiss::IndexRefineFlat*>(index)) {
            return nullptr;
        }
        auto vectors = std::make_unique<faiss::IndexFlat>(refine->d, refine->metric_type);
        decode_into(*vectors, *refine->refine_index);
        auto exact = std::make_unique<faiss::IndexRefineFlat>();
        static_cast<faiss::Index&>(*exact) = *refine;
        exact->base_index = refine->base_index;
        exact->refine_index = vectors.release();
        exact->k_factor = refine->k_factor;
        exact->own_fields = exact->own_refine_index = true;
        refine->own_fields = false;
        return exact;
    }
    const auto* coded = dynamic_cast<const faiss::IndexHNSW*>(index);
    if (!coded || dynamic_cast<const faiss::IndexHNSWFlat*>(index)) {
        return nullptr;
    }
    auto graph = std::make_unique<faiss::IndexHNSWFlat>(coded->d, 32, coded->metric_type);
    decode_into(dynamic_cast<faiss::IndexFlat&>(*graph->storage), *coded->storage);
    graph->hnsw = coded->hnsw; // With its own number of links.
    graph->ntotal = coded->ntotal;
    graph->is_trained = true;
    return graph;
}

/// Lists of packed codes of residuals, which nothing here searches packed, as lists of the same codes one by one; NULL for
/// any other. The quantizer moves to the new index.
std::unique_ptr<faiss::Index> over_plain_codes(faiss::Index* index) {
    auto* packed = dynamic_cast<faiss::IndexIVFPQFastScan*>(index);
    if (!packed || !packed->by_residual) {
        return nullptr;
    }
    auto plain = std::make_unique<faiss::IndexIVFPQ>(
            packed->quantizer, packed->d, packed->nlist, packed->pq.M, packed->pq.nbits, packed->metric_type);
    plain->pq = packed->pq;
    plain->is_trained = true;
    for (size_t list = 0; list < packed->nlist; ++list) {
        std::vector<uint8_t> codes;
        copy_packed(*packed, list, codes);
        faiss::InvertedLists::ScopedIds ids(packed->invlists, list);
        plain->invlists->add_entries(list, packed->invlists->list_size(list), ids.get(), codes.data());
    }
    plain->ntotal = packed->ntotal;
    plain->own_fields = true;
    packed->own_fields = false;
    return plain;
}

/// What an index that libfaiss has read becomes here, where it is not what it stays; NULL otherwise.
std::unique_ptr<faiss::Index> replacement(faiss::Index* index) {
    auto decoded = over_decoded_vectors(index);
    return decoded ? std::move(decoded) : over_plain_codes(index);
}

/// Makes an index that libfaiss has read one as we build it.
void adopt(faiss::Index& index) {
    if (auto* flat = dynamic_cast<faiss::IndexScalarQuantizer*>(&index)) {
        adopt_ranges(flat->sq);
    } else if (auto* lists = dynamic_cast<faiss::IndexIVFScalarQuantizer*>(&index)) {
        adopt_ranges(lists->sq);
    }
    if (auto* ivf = dynamic_cast<faiss::IndexIVF*>(&index)) {
        ivf->make_direct_map(false); // With one, ids could not be chosen freely and vectors not removed.
        adopt_quantizer(*ivf);
    }
    prepare_scanning(index, index.ntotal);
}

} // namespace

void move_ids_into_lists(faiss::InvertedLists& lists, const idx_t* ids, size_t count) {
    for_each_id(lists, [&](idx_t& id) {
        FAISS_THROW_IF_NOT_FMT(
                id >= 0 && static_cast<size_t>(id) < count,
                "an inverted list holds the position %lld, its map has %zu",
                static_cast<long long>(id),
                count);
        id = ids[id];
    });
}

extern "C" {

int faiss_write_index_with(const FaissIndex* index, const idx_t* ids, FaissWriteFunction write, void* context) {
    return guarded([&] {
        FunctionWriter writer(write, context);
        if (!ids) {
            faiss::write_index(cpp(index), &writer);
            return;
        }
        faiss::IndexIDMap2 map;
        fill_map(map, const_cast<faiss::Index*>(cpp(index)), ids);
        faiss::write_index(&map, &writer);
    });
}

int faiss_read_index_with(const void* bytes, size_t count, FaissIndex** p_index, idx_t** p_ids, size_t* p_id_count) {
    return guarded([&] {
        MemoryReader reader(bytes, count);
        // The table that is left out here is replaced by prepare_scanning's.
        std::unique_ptr<faiss::Index> index(faiss::read_index(&reader, faiss::IO_FLAG_SKIP_PRECOMPUTE_TABLE));
        StoredIDs ids;
        auto* pre = dynamic_cast<faiss::IndexPreTransform*>(index.get());
        if (auto* map = dynamic_cast<faiss::IndexIDMap*>(pre ? pre->index : index.get())) {
            auto* inner = map->index;
            if (auto* ivf = lists_with_ids(inner)) {
                move_ids_into_lists(*ivf->invlists, map->id_map.data(), map->id_map.size());
            } else {
                ids = StoredIDs(map->id_map);
            }
            map->own_fields = false;
            if (pre) {
                pre->index = inner;
                delete map;
            } else {
                index.reset(inner);
            }
        }
        if (auto replaced = replacement(index.get())) {
            index = std::move(replaced);
        }
        for (faiss::Index* part = index.get(); part; part = inner_index(part)) {
            faiss::Index** place = inner_place(part);
            if (auto replaced = place ? replacement(*place) : nullptr) {
                delete *place;
                *place = replaced.release();
            }
            adopt(*part);
        }
        ids.release(p_ids, p_id_count);
        *p_index = c(index.release());
    });
}

} // extern "C"
