// Which ids a search may find or a removal takes.

#pragma once

#include "collector.h"

#include <faiss/impl/FaissAssert.h>
#include <faiss_extension.h>

#include <algorithm>
#include <memory>
#include <vector>


struct RangeSelector : Selector {
    explicit RangeSelector(const FaissFilterNode& node) : first(node.first), last(node.last) {}
    bool is_member(idx_t id) const override {
        return first <= id && id < last;
    }
    const idx_t first, last;
};

struct AscendingSelector : Selector {
    AscendingSelector(const idx_t* ids, size_t count) : first(ids), last(ids + count) {}
    bool is_member(idx_t id) const override {
        return std::binary_search(first, last, id);
    }
    const idx_t *first, *last;
};

struct BitmapSelector : Selector {
    explicit BitmapSelector(const FaissFilterNode& node) : first(node.first), last(node.last), bits(node.bits) {}
    bool is_member(idx_t id) const override {
        const auto bit = static_cast<uint64_t>(id) - static_cast<uint64_t>(first);
        return first <= id && id < last && (bits[bit / 64] >> (bit % 64) & 1);
    }
    const idx_t first, last;
    const uint64_t* bits;
};

struct AndSelector : Selector {
    AndSelector(const Selector* a, const Selector* b) : a(a), b(b) {}
    bool is_member(idx_t id) const override {
        return a->is_member(id) && b->is_member(id);
    }
    const Selector *a, *b;
};

struct OrSelector : Selector {
    OrSelector(const Selector* a, const Selector* b) : a(a), b(b) {}
    bool is_member(idx_t id) const override {
        return a->is_member(id) || b->is_member(id);
    }
    const Selector *a, *b;
};

/// Applies a selector of external ids (or none) to labels that are positions.
struct PositionSelector : Selector {
    PositionSelector(const Selector* inner, const idx_t* ids, size_t count) : inner(inner), ids(ids), count(count) {}
    bool is_member(idx_t label) const override {
        if (label < 0 || static_cast<size_t>(label) >= count) {
            return false;
        }
        const idx_t id = ids[label];
        return id >= 0 && (!inner || inner->is_member(id));
    }
    const Selector* inner;
    const idx_t* ids;
    const size_t count;
};

/// The selectors of one call; the last one made is what the search uses.
class Selectors {
  public:
    explicit Selectors(const FaissSearchOptions& options) {
        std::vector<const Selector*> operands;
        const auto pop = [&] {
            FAISS_THROW_IF_NOT_MSG(!operands.empty(), "the filter is not in postfix order");
            const auto* operand = operands.back();
            operands.pop_back();
            return operand;
        };
        for (size_t i = 0; i < options.filter_count; ++i) {
            const FaissFilterNode& node = options.filter[i];
            switch (node.operation) {
                case FAISS_FILTER_RANGE:
                    operands.push_back(keep(new RangeSelector(node)));
                    break;
                case FAISS_FILTER_ASCENDING:
                    operands.push_back(keep(new AscendingSelector(node.ids, node.id_count)));
                    break;
                case FAISS_FILTER_BITMAP:
                    operands.push_back(keep(new BitmapSelector(node)));
                    break;
                case FAISS_FILTER_NOT:
                    operands.push_back(keep(new faiss::IDSelectorNot(pop())));
                    break;
                case FAISS_FILTER_AND:
                case FAISS_FILTER_OR: {
                    const auto* b = pop();
                    const auto* a = pop();
                    operands.push_back(
                            node.operation == FAISS_FILTER_AND ? keep(new AndSelector(a, b))
                                                               : keep(new OrSelector(a, b)));
                    break;
                }
            }
        }
        FAISS_THROW_IF_NOT_MSG(operands.size() <= 1, "the filter is not in postfix order");
        root = operands.empty() ? nullptr : operands[0];
        if (options.external_ids && (root || options.has_removed)) {
            root = keep(new PositionSelector(root, options.external_ids, options.external_id_count));
        }
    }

    /// NULL where everything may be found. Faiss takes a non-const pointer and does not write through it.
    Selector* get() const {
        return const_cast<Selector*>(root);
    }

  private:
    const Selector* keep(const Selector* selector) {
        kept.emplace_back(selector);
        return selector;
    }

    std::vector<std::unique_ptr<const Selector>> kept;
    const Selector* root = nullptr;
};
