// CRC-32C (Castagnoli), by the processor's own instruction where it has one.

#ifndef SWIFT_FAISS_CRC32C_H
#define SWIFT_FAISS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Takes `count` bytes into a checksum under way. It begins as ~0; what it ends as is to be inverted.
uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t count);

/// The same, by table on every processor.
uint32_t crc32c_update_by_table(uint32_t crc, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
