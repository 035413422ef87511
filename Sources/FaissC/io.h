// What reading and writing Faiss's format share, for indexes of numbers and of bits.

#pragma once

#include "guarded.h"

#include <faiss/impl/io.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

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

/// The ids of a map in memory that C can free.
class StoredIDs {
  public:
    StoredIDs() = default;
    explicit StoredIDs(const std::vector<idx_t>& ids) : count(ids.size()) {
        const size_t size = count * sizeof(idx_t);
        memory.reset(static_cast<idx_t*>(malloc(size > 0 ? size : 1)));
        if (!memory) {
            throw std::bad_alloc();
        }
        if (size > 0) {
            memcpy(memory.get(), ids.data(), size);
        }
    }

    void release(idx_t** p_ids, size_t* p_count) {
        *p_ids = memory.release();
        *p_count = count;
    }

  private:
    struct Free {
        void operator()(void* memory) const {
            free(memory);
        }
    };

    std::unique_ptr<idx_t, Free> memory;
    size_t count = 0;
};
