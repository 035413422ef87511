// Reads indexes in Faiss's format. libfaiss reads what it has; what contains other indexes, and RaBitQ, which is our own, is
// read here. Each kind writes itself: see output.h.

#pragma once

#include "io.h"

/// Reads from bytes whose structure was verified.
std::unique_ptr<faiss::Index> read_any_index(MemoryReader& reader);
