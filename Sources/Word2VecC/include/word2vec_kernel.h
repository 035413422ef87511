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

#include <kernel_level.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WORD2VEC_KERNEL_GROUP = 8,    ///< outputs are worked on in groups of so many
    WORD2VEC_KERNEL_PADDING = 16, ///< a mean's weights are padded to a multiple of so many
};

/// A part of a step: inputs that predict outputs, for one centre or for two whose windows overlap.
typedef struct Word2VecBlock {
    int own;          ///< inputs in the window of the first centre alone; they stand first
    int shared;       ///< inputs in both windows
    int other;        ///< inputs in the window of the second centre alone
    int output_count; ///< outputs, each once: a second update of a row would be lost
} Word2VecBlock;

/// What is predicted from what. All predictions are made before any row is changed; so a row that stands in two blocks
/// is changed twice, in the second by a gradient that has not seen the first change.
typedef struct Word2VecStep {
    const Word2VecBlock *blocks;
    int block_count;
    float *const *inputs;  ///< the rows that predict, block after block; one that stands twice in a block is changed twice
    float *const *outputs; ///< the rows that are predicted, block after block
    /// How much each pair of an input and an output counts: w if the output is right for the input, -w if it is noise,
    /// 0 if the two have nothing to do with each other. Aligned to 64 bytes.
    ///
    /// Where inputs predict by themselves: block after block in groups of 8 outputs; in a group, 8 floats an input, and
    /// 8 zeros behind an odd number of inputs; zero where the last group has no output.
    /// Where means predict: block after block and mean after mean the weights of the outputs, and zeros up to a multiple
    /// of 16 in the end.
    const float *weights;
    float learning_rate; ///< both of a pair gain this times w times (label - sigmoid) times the other
    int stride;          ///< floats from a row to the next, a multiple of 16
    float *scratch;      ///< word2vec_scratch_size() floats, aligned to 64 bytes
    /// Of inputs that predict by themselves: 1, each gains from the outputs as those before it in its block have changed
    /// them, as if each had a step of its own; 0, from the outputs as they were.
    int is_in_turn;
} Word2VecStep;

/// The floats of scratch memory that a step of so many blocks needs, each with up to so many inputs and outputs.
size_t word2vec_scratch_size(int blocks, int maximum_inputs, int maximum_outputs, int stride);

/// One step in which every input predicts the outputs of its block by itself (skip-gram). Returns the loss before the
/// step: the sum over all pairs of -w ln p for right answers and -w ln (1 - p) for noise. The level must be one
/// that this processor has.
double word2vec_step(const Word2VecStep *step, KernelLevel level);

/// One step in which means of inputs predict the outputs (CBOW): own and shared inputs make the first mean of a block;
/// shared and other ones, if there are any, make a second. Weights count for pairs of a mean and an output. Each input
/// gains all that its means should, undivided, as in word2vec. Returns the loss. Each mean must have an input.
double word2vec_step_on_means(const Word2VecStep *step, KernelLevel level);

/// Asks for a row to be brought near the processor, to be written: at once for this core alone, or the first write would
/// have to ask the other cores again.
static inline void word2vec_prefetch(const float *row, int stride) {
    for (int i = 0; i < stride; i += 16) {
#if defined(__x86_64__)
        // The compiler would choose it only for processors that are all known to have it; the others pass over it.
        __asm__ volatile("prefetchw %0" : : "m"(row[i]));
#else
        __builtin_prefetch(row + i, 1, 3);
#endif
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
