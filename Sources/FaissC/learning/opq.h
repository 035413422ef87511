// Learning the rotation of OPQ (Ge, He, Ke and Sun 2014, doi:10.1109/TPAMI.2013.240).
//
// In place of faiss::OPQMatrix::train, which starts from a random rotation and takes 50 rounds with a singular value
// decomposition each, sums up uncentered numbers in single precision, and writes beyond a buffer where vectors are fewer
// than dimensions. Here principal components, distributed so that each part of a vector holds as much as the others, are
// the start, the paper's parametric solution. Some rounds follow of its other one: a quantizer of the turned vectors is
// trained for a little longer, and the rotation is turned towards the one that brings the vectors nearest to what the
// codes give back. That one is found by matrix products alone, by our kernel, and directions that no vector has keep
// their place, so that any number of vectors will do.

#pragma once

#include "training.h"

#include <faiss/VectorTransform.h>

/// Learns from n vectors, of no fewer dimensions than are left, for a product quantizer with codes of so many bits.
void train_opq(faiss::OPQMatrix& opq, size_t bits, idx_t n, const float* x, Training& training);

/// How many steps that reports.
size_t opq_steps(const faiss::OPQMatrix& opq);
