// What an index holds, taken out of it as codes, to be added to another that was trained the same.
//
// libfaiss's merge_from empties the other index, needs both at once, does not know lists in blocks in all versions, and
// looks at sizes only. Here the other index is only read, and both need not be locked at the same time.

#pragma once

#include <faiss_extension.h>

#include <string>
#include <utility>
#include <vector>

struct FaissContents {
    /// Adds what training has decided.
    template <class Element>
    void decide(const char* name, const Element* elements, size_t count) {
        const auto* first = reinterpret_cast<const uint8_t*>(elements);
        training.emplace_back(name, std::vector<uint8_t>(first, first + count * sizeof(Element)));
    }

    /// What training has decided: names for people, and the bytes.
    std::vector<std::pair<std::string, std::vector<uint8_t>>> training;
    /// Of inverted lists: how many vectors each has, and the labels of all.
    std::vector<size_t> sizes;
    std::vector<idx_t> labels;
    /// The codes, one behind the other, list after list.
    std::vector<uint8_t> codes;
    /// The vectors that refine an approximate index.
    std::vector<float> exact;
};
