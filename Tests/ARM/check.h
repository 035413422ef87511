// What the files of this test share: checks that count, numbers at random, and vectors of them.

#pragma once

#include <kernel_level.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

/// The checks of a part, and those that failed.
struct Checks {
    size_t done = 0, failed = 0;
};
inline Checks checks;

/// Counts a check; says where it failed, a few times.
#define CHECK(condition, ...)                                           \
    do {                                                                \
        ++checks.done;                                                  \
        if (!(condition) && checks.failed++ < 10) {                     \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);      \
            printf(__VA_ARGS__);                                        \
            printf("\n");                                               \
        }                                                               \
    } while (false)

using Floats = std::vector<float>;
using Bytes = std::vector<uint8_t>;

inline std::mt19937 generator(1);

inline Floats random_floats(size_t count, float low = -1, float high = 1) {
    std::uniform_real_distribution<float> any(low, high);
    Floats numbers(count);
    for (float& number : numbers) {
        number = any(generator);
    }
    return numbers;
}

inline Bytes random_bytes(size_t count) {
    Bytes bytes(count);
    for (uint8_t& byte : bytes) {
        byte = static_cast<uint8_t>(generator());
    }
    return bytes;
}

/// Around every width of a vector, and of four of them.
inline std::vector<size_t> dimensions() {
    std::vector<size_t> all;
    for (size_t d = 1; d <= 70; ++d) {
        all.push_back(d);
    }
    for (size_t d : {96, 100, 127, 128, 129, 255, 256, 300, 768}) {
        all.push_back(d);
    }
    return all;
}

inline bool is_near(double found, double expected, double tolerance) {
    return std::fabs(found - expected) <= tolerance;
}

void check_distances(KernelLevel level);
void check_flat(KernelLevel level);
void check_transforms(KernelLevel level);
void check_scans(KernelLevel level);
void check_hamming(KernelLevel level);
void check_training(KernelLevel level);
void check_encoding(KernelLevel level);
void check_bytes();
void check_indexes();

/// Runs a kernel so many times, and says what it is. Returns 1 where there is none with this number.
int count(const char* number, const char* runs);
