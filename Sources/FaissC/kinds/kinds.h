// From a Faiss index to its kind.

#pragma once

#include "kind.h"
#include "row_lists.h"

#include <faiss/Index.h>
#include <faiss/IndexBinary.h>
#include <faiss/IndexPreTransform.h>

#include <optional>

/// The kind of an index. Throws for one that is neither built nor read here.
std::unique_ptr<Kind<float>> kind_of(faiss::Index& index);
std::unique_ptr<Kind<uint8_t>> kind_of(faiss::IndexBinary& index);

/// The same for looking only.
inline std::unique_ptr<const Kind<float>> kind_of(const faiss::Index& index) {
    return kind_of(const_cast<faiss::Index&>(index));
}
inline std::unique_ptr<const Kind<uint8_t>> kind_of(const faiss::IndexBinary& index) {
    return kind_of(const_cast<faiss::IndexBinary&>(index));
}

/// The kind of an index whose lists can be in a file. Throws for any other.
std::unique_ptr<RowListsKind> row_lists_of(faiss::Index& index);

inline std::unique_ptr<const RowListsKind> row_lists_of(const faiss::Index& index) {
    return row_lists_of(const_cast<faiss::Index&>(index));
}

/// The index as one with transforms in front, NULL for any other.
faiss::IndexPreTransform* with_transforms(faiss::Index& index);

/// The index inside an IndexPreTransform, or the base of an IndexRefine; NULL for any other.
faiss::Index* inner_index(faiss::Index& index);

/// Makes an index that libfaiss has read one as we build it: a map around it is opened, and what nothing here searches
/// becomes something that is searched.
///
/// @param ids  gets the map's ids, unless lists have taken them in
std::unique_ptr<faiss::Index> adopted(std::unique_ptr<faiss::Index> index, std::optional<std::vector<idx_t>>& ids);
std::unique_ptr<faiss::IndexBinary> adopted(
        std::unique_ptr<faiss::IndexBinary> index,
        std::optional<std::vector<idx_t>>& ids);
