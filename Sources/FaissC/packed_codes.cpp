#include "packed_codes.h"

#include "encoding.h"
#include "kernels/assign.h"
#include "kernels/scan_packed.h"
#include "threads.h"

#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/invlists/BlockInvertedLists.h>

#include <algorithm>
#include <vector>

namespace {

/// A vector's place among blocks, each with `parts` codes of each of its vectors.
class PackedPlace {
  public:
    PackedPlace(uint8_t* blocks, size_t parts, size_t place)
            : bytes(blocks + place / packed_block * parts * part_bytes + packed_byte_of(place % part_bytes)),
              shift(place % packed_block < part_bytes ? 0 : 4) {}
    uint8_t get(size_t part) const {
        return bytes[part * part_bytes] >> shift & 15;
    }
    void set(size_t part, int code) {
        uint8_t& byte = bytes[part * part_bytes];
        byte = static_cast<uint8_t>((byte & ~(15 << shift)) | code << shift);
    }

  private:
    static constexpr size_t part_bytes = packed_block / 2;

    uint8_t* bytes;
    int shift;
};

void decode(const faiss::ProductQuantizer& pq, const uint8_t* blocks, size_t parts, size_t place, float* vector) {
    const PackedPlace packed(const_cast<uint8_t*>(blocks), parts, place);
    for (size_t part = 0; part < pq.M; ++part) {
        std::copy_n(pq.get_centroids(part, packed.get(part)), pq.dsub, vector + part * pq.dsub);
    }
}

/// Packs a code as a product quantizer makes it, two parts a byte.
void pack(const uint8_t* code, size_t parts, PackedPlace place) {
    for (size_t part = 0; part < parts; ++part) {
        place.set(part, code[part / 2] >> part % 2 * 4 & 15);
    }
}

void unpack(const uint8_t* blocks, size_t parts, size_t stored_parts, size_t count, size_t code_size, uint8_t* codes) {
    for (size_t place = 0; place < count; ++place) {
        const PackedPlace packed(const_cast<uint8_t*>(blocks), stored_parts, place);
        for (size_t part = 0; part < parts; ++part) {
            codes[place * code_size + part / 2] |= static_cast<uint8_t>(packed.get(part) << part % 2 * 4);
        }
    }
}

/// Moves the codes to keep to the front and clears what is behind them, where Faiss would add by setting bits only.
/// Returns how many are kept.
template <class IsRemoved>
size_t close_gaps(uint8_t* blocks, size_t parts, size_t count, const IsRemoved& is_removed) {
    size_t kept = 0;
    for (size_t place = 0; place < count; ++place) {
        if (is_removed(place)) {
            continue;
        }
        if (kept < place) {
            const PackedPlace from(blocks, parts, place);
            PackedPlace to(blocks, parts, kept);
            for (size_t part = 0; part < parts; ++part) {
                to.set(part, from.get(part));
            }
        }
        ++kept;
    }
    for (size_t place = kept; place < count; ++place) {
        PackedPlace cleared(blocks, parts, place);
        for (size_t part = 0; part < parts; ++part) {
            cleared.set(part, 0);
        }
    }
    return kept;
}

size_t whole_blocks(size_t count) {
    return (count + packed_block - 1) / packed_block * packed_block;
}

} // namespace

bool add_packed(faiss::Index& index, idx_t n, const float* x, int threads) {
    auto* flat = dynamic_cast<faiss::IndexPQFastScan*>(&index);
    if (!flat || flat->bbs != packed_block) {
        return false;
    }
    const faiss::ProductQuantizer& pq = flat->pq;
    std::vector<uint8_t> codes(n * pq.code_size);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        encode(pq, x + first * index.d, count, codes.data() + first * pq.code_size);
    });
    return append_packed(index, n, codes.data());
}

bool append_packed(faiss::Index& index, size_t n, const uint8_t* codes) {
    auto* flat = dynamic_cast<faiss::IndexPQFastScan*>(&index);
    if (!flat || flat->bbs != packed_block) {
        return false;
    }
    const faiss::ProductQuantizer& pq = flat->pq;
    const size_t places = whole_blocks(index.ntotal + n);
    const size_t old_bytes = flat->codes.size();
    flat->codes.resize(places * flat->M2 / 2);
    std::fill(flat->codes.get() + old_bytes, flat->codes.get() + flat->codes.size(), uint8_t(0));
    for (size_t i = 0; i < n; ++i) {
        pack(codes + i * pq.code_size, pq.M, PackedPlace(flat->codes.get(), flat->M2, index.ntotal + i));
    }
    flat->ntotal2 = places;
    flat->ntotal += n;
    return true;
}

bool append_packed_to_lists(
        faiss::IndexIVF& ivf,
        const std::vector<size_t>& sizes,
        const idx_t* ids,
        const uint8_t* codes) {
    auto* packed = dynamic_cast<faiss::IndexIVFPQFastScan*>(&ivf);
    auto* blocks = dynamic_cast<faiss::BlockInvertedLists*>(ivf.invlists);
    if (!packed || !blocks || packed->bbs != packed_block) {
        return false;
    }
    for (size_t list = 0; list < ivf.nlist; ++list) {
        const size_t size = blocks->list_size(list);
        if (sizes[list] > 0) {
            blocks->resize(list, size + sizes[list]);
        }
        for (size_t place = size; place < size + sizes[list]; ++place, ++ids, codes += ivf.code_size) {
            blocks->ids[list][place] = *ids;
            pack(codes, packed->pq.M, PackedPlace(blocks->codes[list].get(), packed->M2, place));
        }
        ivf.ntotal += sizes[list];
    }
    return true;
}

bool copy_packed(const faiss::Index& index, size_t list, std::vector<uint8_t>& codes) {
    const size_t end = codes.size();
    if (const auto* flat = dynamic_cast<const faiss::IndexPQFastScan*>(&index)) {
        codes.resize(end + flat->ntotal * flat->pq.code_size);
        unpack(flat->codes.get(), flat->pq.M, flat->M2, flat->ntotal, flat->pq.code_size, codes.data() + end);
        return true;
    }
    if (const auto* ivf = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&index)) {
        const size_t size = ivf->invlists->list_size(list);
        faiss::InvertedLists::ScopedCodes blocks(ivf->invlists, list);
        codes.resize(end + size * ivf->code_size);
        unpack(blocks.get(), ivf->pq.M, ivf->M2, size, ivf->code_size, codes.data() + end);
        return true;
    }
    return false;
}

bool add_packed_to_lists(
        faiss::IndexIVF& ivf,
        idx_t n,
        const float* x,
        const idx_t* ids,
        const idx_t* lists,
        int threads) {
    auto* packed = dynamic_cast<faiss::IndexIVFPQFastScan*>(&ivf);
    auto* blocks = dynamic_cast<faiss::BlockInvertedLists*>(ivf.invlists);
    if (!packed || !blocks || packed->bbs != packed_block || !ivf.direct_map.no()) {
        return false;
    }
    const std::vector<uint8_t> codes = encode_for_lists(ivf, packed->pq, packed->by_residual, n, x, lists, threads);
    // Each list grows once: its memory moves when it does.
    std::vector<size_t> added(ivf.nlist);
    for (idx_t i = 0; i < n; ++i) {
        if (lists[i] >= 0) {
            ++added[lists[i]];
        }
    }
    for (size_t list = 0; list < ivf.nlist; ++list) {
        if (added[list] > 0) {
            const size_t size = blocks->list_size(list);
            blocks->resize(list, size + added[list]);
            added[list] = size; // From here on the place of the next one.
        }
    }
    for (idx_t i = 0; i < n; ++i) {
        if (lists[i] >= 0) {
            const size_t place = added[lists[i]]++;
            blocks->ids[lists[i]][place] = ids[i];
            pack(codes.data() + i * ivf.code_size,
                 packed->pq.M,
                 PackedPlace(blocks->codes[lists[i]].get(), packed->M2, place));
        }
    }
    ivf.ntotal += n;
    return true;
}

bool remove_packed(faiss::Index& index, const faiss::IDSelector& selector, size_t* n_removed) {
    const idx_t before = index.ntotal;
    if (auto* flat = dynamic_cast<faiss::IndexPQFastScan*>(&index)) {
        flat->ntotal = close_gaps(flat->codes.get(), flat->M2, flat->ntotal, [&](size_t place) {
            return selector.is_member(place);
        });
        flat->ntotal2 = whole_blocks(flat->ntotal);
        flat->codes.resize(flat->ntotal2 * flat->M2 / 2);
    } else if (auto* ivf = dynamic_cast<faiss::IndexIVFPQFastScan*>(&index)) {
        auto& lists = dynamic_cast<faiss::BlockInvertedLists&>(*ivf->invlists);
        size_t left = 0;
        for (size_t list = 0; list < lists.nlist; ++list) {
            auto& ids = lists.ids[list];
            const auto is_removed = [&](size_t place) { return selector.is_member(ids[place]); };
            const size_t kept = close_gaps(lists.codes[list].get(), ivf->M2, ids.size(), is_removed);
            ids.erase(
                    std::remove_if(ids.begin(), ids.end(), [&](idx_t id) { return selector.is_member(id); }),
                    ids.end());
            lists.resize(list, kept);
            left += kept;
        }
        ivf->ntotal = left;
    } else {
        return false;
    }
    *n_removed = before - index.ntotal;
    return true;
}

bool decode_packed(const faiss::Index& index, size_t list, size_t place, float* vector) {
    if (const auto* flat = dynamic_cast<const faiss::IndexPQFastScan*>(&index)) {
        decode(flat->pq, flat->codes.get(), flat->M2, place, vector);
        return true;
    }
    if (const auto* ivf = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&index)) {
        faiss::InvertedLists::ScopedCodes codes(ivf->invlists, list);
        decode(ivf->pq, codes.get(), ivf->M2, place, vector);
        return true;
    }
    return false;
}
