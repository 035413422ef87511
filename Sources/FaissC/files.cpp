// Faiss's own file format, to and from memory.

#include "flat_index.h"
#include "guarded.h"
#include "io.h"
#include "nested.h"
#include "scanning.h"

#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/index_io.h>

#include <memory>

namespace {

/// The inverted lists of an index that stores its ids in them, NULL for any other: a refined one stores places.
faiss::IndexIVF* lists_with_ids(faiss::Index* index) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(index)) {
        return lists_with_ids(pre->index);
    }
    return dynamic_cast<faiss::IndexIVF*>(index);
}

/// Makes an index that libfaiss has read one as we build it.
void adopt(faiss::Index& index) {
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
        if (auto* map = dynamic_cast<faiss::IndexIDMap*>(index.get())) {
            auto* inner = map->index;
            if (auto* ivf = lists_with_ids(inner)) {
                move_ids_into_lists(*ivf->invlists, map->id_map.data(), map->id_map.size());
            } else {
                ids = StoredIDs(map->id_map);
            }
            map->own_fields = false;
            index.reset(inner);
        }
        ids.release(p_ids, p_id_count);
        for (faiss::Index* part = index.get(); part; part = inner_index(part)) {
            adopt(*part);
        }
        *p_index = c(index.release());
    });
}

} // extern "C"
