// The gate between C++ and C: the only place that catches.

#pragma once

#include "versions.h"

#include <faiss/c_api/Index_c.h>
#include <faiss/c_api/error_c.h>
#include <faiss/Index.h>
#include <faiss/IndexBinary.h>
#include <faiss/impl/FaissException.h>
#include <faiss_extension.h>
#include <kernel_level.h>

#include <cstdio>
#include <exception>
#include <new>

/// Thrown when a progress function asks to stop.
struct Cancelled {};

/// Thrown when a list can't be read from its file, or is not what was written there.
struct FileFailure {
    FileFailure() = default;
    FileFailure(int code, const char* text) : code(code) {
        snprintf(message, sizeof message, "%s", text);
    }

    int code = FAISS_FILE_FAILED; ///< or FAISS_FILE_DAMAGED
    char message[1024] = "";
};

/// Keeps a message for faiss_get_last_error(), cut to a fixed length so that keeping it can't fail.
void remember_error(const char* message) noexcept;

/// Runs `body` and turns whatever it throws into a code and a message. Does nothing, and says so, where the kernels that
/// it may use were asked for by a wrong name.
template <class Body>
int guarded(Body&& body) noexcept {
    if (const char* message = kernel_level_error()) {
        remember_error(message);
        return FAISS_WRONG_LEVEL;
    }
    try {
        body();
        return OK;
    } catch (const Cancelled&) {
        remember_error("cancelled");
        return FAISS_CANCELLED;
    } catch (const FileFailure& failure) {
        remember_error(failure.message);
        return failure.code;
    } catch (const std::bad_alloc&) {
        remember_error("out of memory");
        return FAISS_OUT_OF_MEMORY;
    } catch (const faiss::FaissException& error) {
        remember_error(error.what());
        return FAISS_EXCEPT;
    } catch (const std::exception& error) {
        remember_error(error.what());
        return STD_EXCEPT;
    } catch (...) {
        remember_error("an unknown C++ exception");
        return UNKNOWN_EXCEPT;
    }
}

inline faiss::Index* cpp(FaissIndex* index) {
    return reinterpret_cast<faiss::Index*>(index);
}

inline const faiss::Index* cpp(const FaissIndex* index) {
    return reinterpret_cast<const faiss::Index*>(index);
}

inline FaissIndex* c(faiss::Index* index) {
    return reinterpret_cast<FaissIndex*>(index);
}

inline faiss::IndexBinary* cpp(FaissIndexBinary* index) {
    return reinterpret_cast<faiss::IndexBinary*>(index);
}

inline const faiss::IndexBinary* cpp(const FaissIndexBinary* index) {
    return reinterpret_cast<const faiss::IndexBinary*>(index);
}

inline FaissIndexBinary* c(faiss::IndexBinary* index) {
    return reinterpret_cast<FaissIndexBinary*>(index);
}
