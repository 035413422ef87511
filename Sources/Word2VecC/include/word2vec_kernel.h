// The inner loop of Word2Vec training: one step of stochastic gradient descent on a window, m input rows against k
// output rows, in vector instructions of the widest kind that the processor has.
//
// The step is written once, in kernel.inc, in the compiler's portable vectors, and compiled for each level; the level
// is chosen when the first step runs. Within a level the arithmetic is the same on every processor.
//
// Rows are padded with zeros to a multiple of 16 floats and aligned to 64 bytes; a step keeps the padding zero.
//
// Threads may step on the same rows side by side without a lock ("Hogwild", Niu et al. 2011): an update may then be
// lost, which the method allows for. Everything else that a step writes is the caller's scratch memory.

#ifndef SWIFT_FAISS_WORD2VEC_KERNEL_H
#define SWIFT_FAISS_WORD2VEC_KERNEL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The sets of vector instructions, from the narrowest to the widest.
typedef enum Word2VecKernelLevel {
    WORD2VEC_KERNEL_BASELINE = 0, ///< SSE2 on x86-64, NEON on ARM
    WORD2VEC_KERNEL_AVX2 = 1,     ///< AVX2 and FMA
    WORD2VEC_KERNEL_AVX512 = 2,   ///< AVX-512 F, VL, DQ and BW
} Word2VecKernelLevel;

/// Room that the arrays of rows must have beyond their count: a step fills up its last tile there.
enum { WORD2VEC_KERNEL_ROOM = 8 };

/// A window.
typedef struct Word2VecWindow {
    float **inputs; ///< the rows that predict; a row may stand here twice
    int input_count;
    float **outputs; ///< the rows that are predicted, each once: a second update of a row would be lost
    int output_count;
    float *targets;      ///< for each output its weight, w if it is right, -w if it is noise
    float learning_rate; ///< each input and output gains this times w times (label - sigmoid) times the other
    int stride;          ///< floats from a row to the next, a multiple of 16
    float *scratch;      ///< word2vec_scratch_size() floats, aligned to 64 bytes
} Word2VecWindow;

/// The floats of scratch memory that windows of up to so many inputs and outputs need.
size_t word2vec_scratch_size(int maximum_inputs, int maximum_outputs, int stride);

/// The widest level that this processor has.
Word2VecKernelLevel word2vec_widest_level(void);

/// One step in which every input predicts the outputs by itself (skip-gram). Returns the loss before the step: the sum
/// over all pairs of -w ln p for right answers and -w ln (1 - p) for noise. A level above the widest is not allowed.
double word2vec_step(const Word2VecWindow *window, Word2VecKernelLevel level);

/// One step in which the mean of the inputs predicts the outputs (CBOW); each input gains all that the mean should,
/// undivided, as in word2vec. Returns the loss.
double word2vec_step_on_mean(const Word2VecWindow *window, Word2VecKernelLevel level);

/// Asks for a row to be brought near the processor, to be written.
static inline void word2vec_prefetch(const float *row, int stride) {
    for (int i = 0; i < stride; i += 16) {
        __builtin_prefetch(row + i, 1, 3);
    }
}

#ifdef __cplusplus
}
#endif

#endif
