// The kernels, held against plain loops, and indexes from end to end, without Swift: what can be proven of a processor
// that Swift can't be cross-compiled for here. See Scripts/test-arm.sh.

#include "check.h"

#include <cstring>
#include <ctime>

static bool passed = true;

template <class Body>
static void part(const char* name, const Body& body) {
    checks = {};
    const clock_t start = clock();
    body();
    const double seconds = static_cast<double>(clock() - start) / CLOCKS_PER_SEC;
    printf("%-30s %8zu checks, %zu failed %6.1f s\n", name, checks.done, checks.failed, seconds);
    passed = passed && checks.done > 0 && checks.failed == 0;
}

int main(int arguments, char** argument) {
    if (arguments == 4 && strcmp(argument[1], "count") == 0) {
        return count(argument[2], argument[3]);
    }
    setvbuf(stdout, nullptr, _IOLBF, 0);
    for (int number = KERNEL_BASELINE; number <= kernel_level_widest(); ++number) {
        const auto level = static_cast<KernelLevel>(number);
        printf("level %s\n", kernel_level_name(level));
        part("distances", [&] { check_distances(level); });
        part("flat search and assignment", [&] { check_flat(level); });
        part("matrix times vectors", [&] { check_transforms(level); });
        part("scanning rows and codes", [&] { check_scans(level); });
        part("Hamming distances", [&] { check_hamming(level); });
        part("steps of Word2Vec training", [&] { check_training(level); });
        part("layers of encoders", [&] { check_encoding(level); });
    }
    part("CRC-32C and marks in text", check_bytes);
    part("indexes from end to end", check_indexes);
    return passed ? 0 : 1;
}
