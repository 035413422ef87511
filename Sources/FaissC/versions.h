// What differs between the versions of Faiss. Everything else here is written for all of them.
//
// Nothing of libfaiss is replaced when linking, and none of its functions is expected to be compiled in a certain way, so
// that any build of it serves: Debian's archives, a shared library, one from elsewhere. What costs time runs in our own
// kernels, called by their own names; see ../Faiss/Faiss.docc/ThreadsAndMemory.md for what is left to libfaiss.

#pragma once

// Headers since 1.14 have lambdas of C++20, which the compiler knows in C++17, too. With C++20, SwiftPM's modules of C
// targets are not found.
#pragma clang diagnostic ignored "-Wc++20-extensions"

#include <faiss/Index.h>

#define SWIFT_FAISS_TEXT_OF(number) #number
#define SWIFT_FAISS_TEXT(number) SWIFT_FAISS_TEXT_OF(number)
#define SWIFT_FAISS_STOP(text) _Pragma(SWIFT_FAISS_TEXT(GCC error text))

#if !defined(FAISS_VERSION_MAJOR) || !defined(FAISS_VERSION_MINOR) || !defined(FAISS_VERSION_PATCH)
#error "swift-faiss needs Faiss 1.7.3 to 1.15, and the one found does not say which version it is"
#else
#define SWIFT_FAISS_VERSION (FAISS_VERSION_MAJOR * 10000 + FAISS_VERSION_MINOR * 100 + FAISS_VERSION_PATCH)
#if (SWIFT_FAISS_VERSION < 10703 || SWIFT_FAISS_VERSION >= 11600) && !defined(SWIFT_FAISS_ANY_VERSION)
#define SWIFT_FAISS_FOUND                          \
    SWIFT_FAISS_TEXT(FAISS_VERSION_MAJOR)          \
    "." SWIFT_FAISS_TEXT(FAISS_VERSION_MINOR) "." SWIFT_FAISS_TEXT(FAISS_VERSION_PATCH)
SWIFT_FAISS_STOP("swift-faiss needs Faiss 1.7.3 to 1.15, and the one found is " SWIFT_FAISS_FOUND)
#endif
#endif

#if SWIFT_FAISS_VERSION >= 11100
#include <faiss/impl/maybe_owned_vector.h>
#endif

#include <vector>

/// The memory that one of Faiss's vectors owns. Since 1.11 codes, ids and links may be a view of a mapped file instead;
/// none that is read here is.
template <class Element>
std::vector<Element>& owned(std::vector<Element>& elements) {
    return elements;
}

#if SWIFT_FAISS_VERSION >= 11100
template <class Element>
std::vector<Element>& owned(faiss::MaybeOwnedVector<Element>& elements) {
    return elements.owned_data;
}
#endif

/// Makes room in one of Faiss's vectors.
template <class Vector>
void reserve(Vector& elements, size_t capacity) {
    owned(elements).reserve(capacity);
    elements.resize(elements.size()); // One that may be a view keeps the address a second time.
}
