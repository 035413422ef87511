// The OpenMP runtime's declarations that Faiss's headers and we use. Clang on Debian finds no <omp.h> of its own: the
// one on the disk belongs to gcc. Faiss's headers name locks in signatures, and in inline functions that take them by
// their address; none of ours makes one.

#ifndef SWIFT_FAISS_OMP_H
#define SWIFT_FAISS_OMP_H

extern "C" {

typedef struct {
    unsigned char opaque[8];
} omp_lock_t;

void omp_set_lock(omp_lock_t* lock);
void omp_unset_lock(omp_lock_t* lock);
int omp_test_lock(omp_lock_t* lock);

void omp_set_num_threads(int threads);
int omp_get_max_threads(void);
int omp_in_parallel(void);

// What the compilers turn `#pragma omp parallel` into, for they understand it only with a flag: calls the function in
// every thread of a team, the calling one included.
void GOMP_parallel(void (*function)(void*), void* context, unsigned threads, unsigned flags);
}

#endif
