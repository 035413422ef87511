// Finds the ends of words and lines in text, 64 bytes at a time, in the compiler's portable vectors.

#ifndef SWIFT_FAISS_TEXT_MARKS_H
#define SWIFT_FAISS_TEXT_MARKS_H

#include <stdbool.h>
#include <stdint.h>

/// For each of 64 bytes a bit, the first byte's the lowest.
typedef struct TextMarks {
    uint64_t white_space; ///< space, tab, line feed, vertical tab, form feed, carriage return
    uint64_t line_feeds;
} TextMarks;

/// The marks of the 64 bytes from here on.
static inline TextMarks text_marks(const uint8_t *text) {
    typedef uint8_t Bytes __attribute__((ext_vector_type(64)));
    typedef bool Bits __attribute__((ext_vector_type(64)));
    Bytes bytes;
    __builtin_memcpy(&bytes, text, sizeof bytes);
    Bits white_space = __builtin_convertvector((bytes == 0x20) | (bytes - 0x09 <= 0x0D - 0x09), Bits);
    Bits line_feeds = __builtin_convertvector(bytes == 0x0A, Bits);
    TextMarks marks;
    __builtin_memcpy(&marks.white_space, &white_space, sizeof marks.white_space);
    __builtin_memcpy(&marks.line_feeds, &line_feeds, sizeof marks.line_feeds);
    return marks;
}

/// Asks for what lies at this address to be brought near the processor, to be read.
static inline void text_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#endif
