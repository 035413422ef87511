// Where indexes are written in Faiss's format. Each kind that libfaiss does not know, or that has another inside, writes
// itself (Kind::write); libfaiss writes the others.

#pragma once

#include "versions.h"

#include <faiss/Index.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>

class IndexOutput {
  public:
    /// @param is_for_faiss  whether Faiss itself shall read it
    IndexOutput(faiss::IOWriter& writer, bool is_for_faiss) : is_for_faiss(is_for_faiss), writer(writer) {}

    void bytes(const void* first, size_t count) {
        FAISS_THROW_IF_NOT_MSG(writer(first, 1, count) == count, "the output takes no more bytes");
    }
    template <class Number>
    void number(Number number) {
        bytes(&number, sizeof number);
    }
    /// A count of elements, then the elements.
    template <class Element>
    void elements(const Element* first, size_t count) {
        number(static_cast<uint64_t>(count));
        bytes(first, count * sizeof(Element));
    }
    /// The four letters that say what comes.
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

    void by_libfaiss(const faiss::Index& index) {
        faiss::write_index(&index, &writer);
    }
    void by_libfaiss(const faiss::VectorTransform& transform) {
        faiss::write_VectorTransform(&transform, &writer);
    }

    const bool is_for_faiss;

  private:
    faiss::IOWriter& writer;
};
