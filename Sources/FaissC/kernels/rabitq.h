// RaBitQ (Gao, Long 2024, doi:10.1145/3654970; Gao and others 2025, doi:10.1145/3725413): the rotation, the codes, and
// distances by products of whole numbers.
//
// A vector is stored as what is left of it without a centroid, r: for each component a whole number u of `bits` bits,
// which stands for v = u - (2^bits - 1) / 2, and the factor f = r·r / v·r. With it f (v·q) is an estimate of r·q without
// a bias, of any query q, where the rotation is random. A query is rounded to bytes, so that v·q is a sum of products of
// whole numbers, which all levels compute alike: an index answers the same, to the bit, whatever the processor.

#pragma once

#include "levels.h"

#include <cstddef>
#include <cstdint>

/// Vectors in a block.
constexpr size_t rabitq_block = 16;

/// How a block holds codes: parts of 1, 2 or 4 bits, the lowest bits first, each in pieces of 64 bytes. A piece has four
/// bytes a vector, and each byte has the bits of components 4 apart, the first in its lowest bits. Then come the terms of
/// the vectors, and then their factors.
class RaBitQLayout {
  public:
    RaBitQLayout(size_t dimension, size_t bits) : dimension(dimension), bits(bits) {}

    /// The bits of the part that begins with the bit `first`.
    size_t part(size_t first) const {
        return bits == 3 ? (first == 0 ? 2 : 1) : bits;
    }
    /// How many pieces a part of so many bits has.
    size_t pieces(size_t part) const {
        return (dimension * part + 31) / 32;
    }
    size_t code_bytes() const {
        return 64 * (bits == 3 ? pieces(2) + pieces(1) : pieces(bits));
    }
    size_t block_bytes() const {
        return code_bytes() + 2 * rabitq_block * sizeof(float);
    }
    /// The length of a query in bytes: its last ones are zeros.
    size_t query_bytes() const {
        return (dimension + 31) / 32 * 32;
    }
    static size_t blocks(size_t count) {
        return (count + rabitq_block - 1) / rabitq_block;
    }

    const size_t dimension, bits;
};

/// What distances to a query are computed from: base + (term + factor * (step * (2 u·values - sum) + shift)).
struct RaBitQQuery {
    const int8_t* values;
    int32_t sum;
    float step, shift, base;
};

/// A vector rounded to bytes.
struct RoundedVector {
    float step;    ///< what 1 stands for
    int32_t sum;   ///< of the bytes
    float square;  ///< the squared length of the vector as it was
};

/// A vector's code by its components, and what belongs to it.
struct RaBitQCode {
    float square; ///< r·r
    float factor; ///< f, 0 where there is nothing left of the vector
};

struct RaBitQKernels {
    /// Distances of `count` queries to so many blocks, 16 at most, `stride` apart.
    void (*distances)(
            const RaBitQLayout& layout,
            const uint8_t* blocks,
            size_t block_count,
            const RaBitQQuery* queries,
            size_t count,
            float* out,
            size_t stride);

    /// Rounds x - origin to bytes, with zeros up to `size`. The origin may be NULL.
    RoundedVector (*round)(const float* x, const float* origin, size_t dimension, int8_t* values, size_t size);

    /// Writes the code of a vector, a byte a component.
    RaBitQCode (*encode)(const float* x, size_t dimension, size_t bits, uint8_t* code);

    /// Turns a vector, or turns it back. There are `rabitq_rounds` times `dimension` signs, each 1 or -1.
    void (*turn)(float* x, size_t dimension, const float* signs, bool is_back);
};

constexpr size_t rabitq_rounds = 4;

const RaBitQKernels& rabitq_kernels(KernelLevel level);
