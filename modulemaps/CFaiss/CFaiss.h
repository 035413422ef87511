// The Faiss C API, as libfaiss-dev ships its headers. Their code is in Sources/FaissC: Debian's archive has none.
#ifndef SWIFT_FAISS_CFAISS_H
#define SWIFT_FAISS_CFAISS_H

#include <faiss/c_api/IndexBinary_c.h>
#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/IndexIVFFlat_c.h>
#include <faiss/c_api/IndexIVF_c.h>
#include <faiss/c_api/IndexScalarQuantizer_c.h>
#include <faiss/c_api/Index_c.h>
#include <faiss/c_api/error_c.h>
#include <faiss/c_api/faiss_c.h>
#include <faiss/c_api/impl/AuxIndexStructures_c.h>
#include <faiss/c_api/utils/distances_c.h>

#endif
