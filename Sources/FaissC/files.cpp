// Faiss's own file format, to and from memory.

#include "guarded.h"
#include "nested.h"
#include "scanning.h"

#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <faiss/invlists/BlockInvertedLists.h>
#include <faiss/invlists/InvertedLists.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

struct FunctionWriter : faiss::IOWriter {
    FunctionWriter(FaissWriteFunction write, void* context) : write(write), context(context) {
        name = "the output";
    }
    size_t operator()(const void* bytes, size_t size, size_t count) override {
        if (size == 0 || count == 0) {
            return count;
        }
        return write(context, bytes, size * count) == size * count ? count : 0;
    }
    FaissWriteFunction write;
    void* context;
};

struct MemoryReader : faiss::IOReader {
    MemoryReader(const void* bytes, size_t count) : next(static_cast<const char*>(bytes)), left(count) {
        name = "the input";
    }
    size_t operator()(void* into, size_t size, size_t count) override {
        if (size == 0 || count == 0) {
            return count;
        }
        const size_t items = std::min(count, left / size);
        memcpy(into, next, items * size);
        next += items * size;
        left -= items * size;
        return items;
    }
    const char* next;
    size_t left;
};

/// Replaces the positions that the lists of an index inside a map store by the ids that the map has for them.
void move_ids_into_lists(faiss::IndexIVF& ivf, const idx_t* ids, size_t count) {
    auto* blocks = dynamic_cast<faiss::BlockInvertedLists*>(ivf.invlists);
    auto& lists = blocks ? blocks->ids : dynamic_cast<faiss::ArrayInvertedLists&>(*ivf.invlists).ids;
    for (auto& stored : lists) {
        for (idx_t& id : stored) {
            FAISS_THROW_IF_NOT_FMT(
                    id >= 0 && static_cast<size_t>(id) < count,
                    "an inverted list holds the position %lld, its map has %zu",
                    static_cast<long long>(id),
                    count);
            id = ids[id];
        }
    }
}

/// The inverted lists of an index that stores its ids in them, NULL for any other: a refined one stores places.
faiss::IndexIVF* lists_with_ids(faiss::Index* index) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(index)) {
        return lists_with_ids(pre->index);
    }
    return dynamic_cast<faiss::IndexIVF*>(index);
}

/// Drops the direct maps: with one, ids could not be chosen freely and vectors not removed.
void drop_direct_map(faiss::Index* index) {
    if (auto* inner = inner_index(index)) {
        drop_direct_map(inner);
    } else if (auto* ivf = dynamic_cast<faiss::IndexIVF*>(index)) {
        ivf->make_direct_map(false);
    }
}

/// Memory of malloc(), freed unless it is handed out.
struct Free {
    void operator()(void* memory) const {
        free(memory);
    }
};

} // namespace

extern "C" {

int faiss_write_index_with(const FaissIndex* index, const idx_t* ids, FaissWriteFunction write, void* context) {
    return guarded([&] {
        FunctionWriter writer(write, context);
        if (!ids) {
            faiss::write_index(cpp(index), &writer);
            return;
        }
        // Filled by hand: the constructor wants an empty index. Nothing is owned, so nothing is freed.
        faiss::IndexIDMap2 map;
        map.index = const_cast<faiss::Index*>(cpp(index));
        map.d = map.index->d;
        map.ntotal = map.index->ntotal;
        map.metric_type = map.index->metric_type;
        map.is_trained = map.index->is_trained;
        map.id_map.assign(ids, ids + map.ntotal);
        faiss::write_index(&map, &writer);
    });
}

int faiss_read_index_with(const void* bytes, size_t count, FaissIndex** p_index, idx_t** p_ids, size_t* p_id_count) {
    return guarded([&] {
        MemoryReader reader(bytes, count);
        std::unique_ptr<faiss::Index> index(faiss::read_index(&reader));
        *p_ids = nullptr;
        *p_id_count = 0;
        std::unique_ptr<idx_t, Free> ids;
        if (auto* map = dynamic_cast<faiss::IndexIDMap*>(index.get())) {
            const size_t size = map->id_map.size() * sizeof(idx_t);
            auto* inner = map->index;
            if (auto* ivf = lists_with_ids(inner)) {
                move_ids_into_lists(*ivf, map->id_map.data(), map->id_map.size());
            } else {
                ids.reset(static_cast<idx_t*>(malloc(size > 0 ? size : 1)));
                if (!ids) {
                    throw std::bad_alloc();
                }
                if (size > 0) {
                    memcpy(ids.get(), map->id_map.data(), size);
                }
                *p_id_count = map->id_map.size();
            }
            map->own_fields = false;
            index.reset(inner);
        }
        drop_direct_map(index.get());
        *p_ids = ids.release();
        for (faiss::Index* part = index.get(); part; part = inner_index(part)) {
            prepare_scanning(*part, part->ntotal);
        }
        *p_index = c(index.release());
    });
}

} // extern "C"
