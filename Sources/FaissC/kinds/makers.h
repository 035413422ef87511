// The kinds of this folder, each made by its own file for kinds.cpp.

#pragma once

#include "file_lists.h"
#include "kind.h"
#include "rabitq.h"
#include "term_lists.h"

#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHNSW.h>
#include <faiss/IndexBinaryIVF.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/invlists/BlockInvertedLists.h>

using FloatKind = std::unique_ptr<Kind<float>>;
using BinaryKind = std::unique_ptr<Kind<uint8_t>>;

FloatKind make_kind(faiss::IndexFlat& index);
FloatKind make_kind(faiss::IndexScalarQuantizer& index);
FloatKind make_kind(faiss::IndexPQ& index);
FloatKind make_kind(faiss::IndexPQFastScan& index);
FloatKind make_kind(RaBitQIndex& index);
/// @param file  the index's lists if a part of them lies in a file, or NULL
FloatKind make_kind(faiss::IndexIVFFlat& index, faiss::IndexFlat& centroids, FileLists* file);
FloatKind make_kind(faiss::IndexIVFScalarQuantizer& index, faiss::IndexFlat& centroids, FileLists* file);
/// @param lists  NULL until prepare() or training has made them
FloatKind make_kind(faiss::IndexIVFPQ& index, faiss::IndexFlat& centroids, TermLists* lists);
FloatKind make_kind(
        faiss::IndexIVFPQFastScan& index,
        faiss::IndexFlat& centroids,
        faiss::BlockInvertedLists& lists);
FloatKind make_kind(RaBitQLists& index, faiss::IndexFlat& centroids);
FloatKind make_kind(faiss::IndexHNSW& index, faiss::IndexFlat& vectors);
FloatKind make_kind(
        faiss::IndexPreTransform& index,
        std::vector<std::unique_ptr<Transform>> chain,
        FloatKind inside);
FloatKind make_kind(faiss::IndexRefine& index, FloatKind base, faiss::IndexFlat& vectors);

std::unique_ptr<Transform> make_transform(FastRotation& rotation);

BinaryKind make_kind(faiss::IndexBinaryFlat& index);
BinaryKind make_kind(faiss::IndexBinaryIVF& index, faiss::IndexBinaryFlat& centroids);
BinaryKind make_kind(faiss::IndexBinaryHNSW& index, faiss::IndexBinaryFlat& vectors);
