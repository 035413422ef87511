// Product-quantizer codes of 4 bits in blocks of 32 vectors, as kernels/scan_packed.h describes them: adding to them,
// removing from them, decoding. Searching them is the part of scanning.h.
//
// Faiss 1.7.3 packs slowly, aborts when it removes from inverted lists, and decodes wrongly what lies beyond the 16th
// subquantizer.

#pragma once

#include "guarded.h"

#include <faiss/Index.h>
#include <faiss/IndexIVF.h>
#include <faiss/impl/IDSelector.h>

#include <vector>

/// Adds, and returns true, or returns false and leaves everything as it is where the codes are not of this kind.
bool add_packed(faiss::Index& index, idx_t n, const float* x, int threads);

/// Adds to lists that were chosen, likewise; a vector of list -1 is counted and not stored.
bool add_packed_to_lists(
        faiss::IndexIVF& ivf,
        idx_t n,
        const float* x,
        const idx_t* ids,
        const idx_t* lists,
        int threads);

/// Adds plain codes, as a product quantizer makes them, likewise.
bool append_packed(faiss::Index& index, size_t n, const uint8_t* codes);

/// Adds plain codes to lists, as many to each as `sizes` says, likewise.
bool append_packed_to_lists(
        faiss::IndexIVF& ivf,
        const std::vector<size_t>& sizes,
        const idx_t* ids,
        const uint8_t* codes);

/// Copies the plain codes of an index or of one of its lists to the end of others, likewise.
bool copy_packed(const faiss::Index& index, size_t list, std::vector<uint8_t>& codes);

/// Removes, likewise, and says how many.
bool remove_packed(faiss::Index& index, const faiss::IDSelector& selector, size_t* n_removed);

/// Decodes the vector in a place of an index or of one of its lists, likewise.
bool decode_packed(const faiss::Index& index, size_t list, size_t place, float* vector);
