// Which of many cells, a kind and 64 bits each, are of one kind and in a range: what conditions on columns look for.

#ifndef SWIFT_FAISS_CELLS_H
#define SWIFT_FAISS_CELLS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Sets bit i of `matches`, 64 bits a word, for each i below `count` whose kind is this one and whose payload is an integer
/// from `low` to `high`. Leaves the other bits as they are.
void cells_match_integers(const uint8_t *kinds, const int64_t *payloads, size_t count, uint8_t kind, int64_t low,
                          int64_t high, uint64_t *matches);

/// The same for payloads that are the bits of a double.
void cells_match_doubles(const uint8_t *kinds, const int64_t *payloads, size_t count, uint8_t kind, double low,
                         double high, uint64_t *matches);

#ifdef __cplusplus
}
#endif

#endif
