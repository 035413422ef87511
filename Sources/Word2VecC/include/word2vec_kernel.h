// The inner loop of Word2Vec training: one step of stochastic gradient descent, m input rows against k output rows, in
// vector instructions of the widest kind that the processor has.
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

/// Outputs are worked on in groups of so many.
enum { WORD2VEC_KERNEL_GROUP = 8 };

/// What is predicted from what.
typedef struct Word2VecStep {
    float *const *inputs; ///< the rows that predict; one that stands here twice is changed twice, one after the other
    int input_count;
    float *const *outputs; ///< the rows that are predicted, each once: a second update of a row would be lost
    int output_count;
    /// How much each pair of an input and an output counts: w if the output is right for the input, -w if it is noise,
    /// 0 if the two have nothing to do with each other. In groups of 8 outputs; in a group, 8 floats an input, and
    /// 8 zeros behind an odd number of inputs; zero where the last group has no output. Aligned to 64 bytes.
    const float *weights;
    float learning_rate; ///< both of a pair gain this times w times (label - sigmoid) times the other
    int stride;          ///< floats from a row to the next, a multiple of 16
    float *scratch;      ///< word2vec_scratch_size() floats, aligned to 64 bytes
} Word2VecStep;

/// The floats of scratch memory that steps with up to so many inputs and outputs need.
size_t word2vec_scratch_size(int maximum_inputs, int maximum_outputs, int stride);

/// The widest level that this processor has.
Word2VecKernelLevel word2vec_widest_level(void);

/// One step in which every input predicts the outputs by itself (skip-gram). Returns the loss before the step: the sum
/// over all pairs of -w ln p for right answers and -w ln (1 - p) for noise. A level above the widest is not allowed.
double word2vec_step(const Word2VecStep *step, Word2VecKernelLevel level);

/// One step in which means of inputs predict the outputs (CBOW). The first `own` inputs make the first mean; with
/// `shared` and `other`, which follow in this order, two means predict: the first is made of own and shared inputs, the
/// second of shared and other ones. Weights count for pairs of a mean and an output. Each input gains all that its means
/// should, undivided, as in word2vec. Returns the loss. `input_count` is the sum of the three; each mean must have an
/// input.
double word2vec_step_on_means(const Word2VecStep *step, int own, int shared, int other, Word2VecKernelLevel level);

/// Asks for a row to be brought near the processor, to be written.
static inline void word2vec_prefetch(const float *row, int stride) {
    for (int i = 0; i < stride; i += 16) {
        __builtin_prefetch(row + i, 1, 3);
    }
}

/// Asks for memory to be brought near the processor, to be read.
static inline void word2vec_prefetch_constant(const void *address) {
    __builtin_prefetch(address, 0, 3);
}

#ifdef __cplusplus
}
#endif

#endif
