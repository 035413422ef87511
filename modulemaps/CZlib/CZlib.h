// zlib, which reads gzip files.
#ifndef SWIFT_FAISS_CZLIB_H
#define SWIFT_FAISS_CZLIB_H

#include <zlib.h>

#endif
