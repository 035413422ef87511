// Indexes in Faiss's format. libfaiss reads and writes what it has; what contains other indexes, and RaBitQ, which is our
// own, is read and written here.

#pragma once

#include "io.h"

/// @param is_for_faiss  whether Faiss itself shall read it
void write_index(const faiss::Index& index, faiss::IOWriter& writer, bool is_for_faiss);

/// Reads from bytes whose structure was verified.
std::unique_ptr<faiss::Index> read_any_index(MemoryReader& reader);
