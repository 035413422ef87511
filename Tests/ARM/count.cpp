// Runs one kernel some times, for its instructions to be counted: there is no ARM processor here to take the time on.

#include "check.h"

#include <FaissC/kernels/panels.h>
#include <FaissC/kernels/hamming.h>
#include <FaissC/kernels/scan.h>
#include <FaissC/kernels/scan_filter.h>
#include <FaissC/kernels/scan_packed.h>
#include <crc32c.h>
#include <faiss_kernels.h>
#include <text_marks.h>
#include <word2vec_kernel.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>

namespace {

struct Work {
    const char* name;
    /// What one run does so many times.
    const char* unit;
    size_t units;
    std::function<void()> run;
};

void ignore(void*, size_t, size_t) {}

/// Memory for numbers, aligned to lines of the cache: all the same, as filling it counts too.
template <class Number>
Number* numbers(size_t count, Number value) {
    auto* memory = static_cast<Number*>(aligned_alloc(64, (count * sizeof(Number) + 63) / 64 * 64));
    std::fill_n(memory, count, value);
    return memory;
}

std::vector<Work> all() {
    const KernelLevel level = kernel_level_widest();
    const size_t d = 128, rows = 240, m = 16;
    const FaissDistanceKernels& one = *faiss_distance_kernels(level);
    const PanelKernels& flat = panel_kernels(level);
    const ScanKernels& scan = scan_kernels(level);
    const HammingKernels& hamming = hamming_kernels(level);
    const ScanFilterKernels* filters = scan_filter_kernels(level);
    const PackedKernels* packed = packed_kernels(level);

    float* x = numbers<float>(32 * d, 0.5f);
    float* y = numbers<float>(rows * d, 0.25f);
    float* out = numbers<float>(rows * d, 0);
    uint8_t* bytes = numbers<uint8_t>(256 * 100, 0x55);
    uint8_t* other_bytes = numbers<uint8_t>(100, 0xAA);
    float* none = numbers<float>(32 * d, -1e9f); // Thresholds that nothing passes.
    auto* places = numbers<int32_t>(1024, 1);
    auto* positions = numbers<uint32_t>(1024, 0);
    auto* small_positions = numbers<uint16_t>(256, 0);
    uint8_t* encoded = numbers<uint8_t>(60 * d, 0);
    float* table = numbers<float>(m * 256, 0.5f);
    uint8_t* filter_bytes = numbers<uint8_t>(m * 512, 9);
    const QueryPanel wide{x, flat.wide, d}, narrow{x, flat.narrow, d};
    const RowBlock block{y, table, rows};
    const ScanRows byte_rows{bytes, rows, d, x, y};
    const ScanCodes codes{bytes, 256, m, nullptr};
    const PackedCodes packed_codes{bytes, 256, 32};

    std::vector<Work> work = {
        {"squared L2 distances, rows", "row of 128", rows, [=] { one.squared_l2_rows(out, x, y, d, rows); }},
        {"inner products, rows", "row of 128", rows, [=] { one.inner_product_rows(out, x, y, d, rows); }},
        {"inner products, rows of 50", "row of 50", rows, [=] { one.inner_product_rows(out, x, y, 50, rows); }},
        {"squared L2 distances, listed", "row of 128", rows, [=] { one.squared_l2_listed(out, x, y, d, places, rows); }},
        {"not greater", "value", 1024, [=] { one.not_greater(y, 1024, -1, positions); }},
        {"flat: filter", "query and row of 128", rows * flat.wide,
         [=] { flat.filter(wide, block, none, ignore, nullptr); }},
        {"flat: filter, few queries", "query and row of 128", rows * flat.narrow,
         [=] { flat.filter(narrow, block, none, ignore, nullptr); }},
        {"flat: scores", "query and row of 128", rows * flat.wide, [=] { flat.score(wide, block, out); }},
        {"flat: filter of scores", "query and row", rows * flat.wide,
         [=] { flat.filter_scores(out, rows, flat.wide, none, ignore, nullptr); }},
        {"assignment", "point and row of 128", rows * flat.wide, [=] { flat.find_least(wide, block, 0, out, places); }},
        {"transform, 128 to 8", "vector and row of 128", rows * flat.wide,
         [=] { flat.transform(x, y, rows, d, table, out, flat.wide); }},
        {"transform, one vector", "row of 128", rows, [=] { flat.transform_one(y, rows, x, d, nullptr, out); }},
        {"bytes: squared L2 distances", "row of 128", rows, [=] { scan.rows(ScanMetric::squaredL2, x, byte_rows, out); }},
        {"bytes: decoding", "row of 128", 60, [=] { scan.decode({bytes, 60, d, x, y}, out); }},
        {"bytes: encoding", "row of 128", 60, [=] { scan.encode(y, 60, d, x, table, encoded); }},
        {"PQ: table, 16 × 8 dimensions", "entry", m * 256, [=] { scan.table(x, y, m, 7, 256, 0, out); }},
        {"PQ: codes of 16 bytes", "code", 256, [=] { scan.codes(table, 0, codes, out); }},
        {"PQ fast scan: 32 subquantizers", "code", 256,
         [=] { for (size_t i = 0; i < 8; ++i) packed_distances(table, 0, packed_codes, i, out + i * 32); }},
        {"Hamming: 16 bytes", "row", 256, [=] { hamming.find(other_bytes, bytes, 256, 16, 9, positions, positions + 512); }},
        {"Hamming: 32 bytes", "row", 256, [=] { hamming.find(other_bytes, bytes, 256, 32, 9, positions, positions + 512); }},
        {"Hamming: 96 bytes", "row", 256, [=] { hamming.find(other_bytes, bytes, 256, 96, 9, positions, positions + 512); }},
        {"Hamming: one of 64 bytes", "row", 1, [=] { positions[0] = hamming.distance(bytes, bytes + 64, 64); }},
        {"CRC-32C", "8 bytes", 512, [=] { positions[0] = crc32c_update(~0u, bytes, 4096); }},
        {"marks in text", "64 bytes", 64, [=] {
             uint64_t sum = 0;
             for (size_t i = 0; i < 64; ++i) {
                 const TextMarks marks = text_marks(bytes + 64 * i);
                 sum += marks.white_space ^ marks.line_feeds;
             }
             memcpy(positions, &sum, 8);
         }},
    };
    if (filters) {
        const ScanFilter filter = filters->make(table, m, 1, filter_bytes);
        work.push_back({"PQ: filter of codes of 16 bytes", "code", 256, [=] {
                            filters->filter(filter, 0, -1, codes, small_positions);
                        }});
    }
    if (packed) {
        packed->make(table, 32, 0, 1, filter_bytes);
        std::fill_n(filter_bytes, 32 * 16, uint8_t(9)); // Nothing passes.
        work.push_back({"PQ fast scan: filter, 32 subquantizers", "code", 256, [=] {
                            packed->scan(filter_bytes, 100, packed_codes, 0, 256, small_positions);
                        }});
    }
    for (bool on_means : {false, true}) {
        const int inputs = 10, outputs = 6, stride = 304;
        auto** pointers = new float*[inputs + outputs];
        for (int i = 0; i < inputs + outputs; ++i) {
            pointers[i] = numbers<float>(stride, 0.1f);
        }
        auto* pair = new Word2VecBlock{inputs, 0, 0, outputs};
        auto* step = new Word2VecStep{
                pair, 1, pointers, pointers + inputs, numbers<float>(256, 1e-9f), 1e-9f, stride,
                numbers<float>(word2vec_scratch_size(1, inputs, outputs, stride), 0), 0};
        work.push_back({on_means ? "Word2Vec: step on means" : "Word2Vec: step", "pair of 304", inputs * outputs,
                        [=] { (on_means ? word2vec_step_on_means : word2vec_step)(step, level); }});
    }
    return work;
}

} // namespace

int count(const char* number, const char* runs) {
    const std::vector<Work> work = all();
    const auto chosen = static_cast<size_t>(atoi(number));
    if (chosen >= work.size()) {
        return 1;
    }
    for (int run = atoi(runs); run > 0; --run) {
        work[chosen].run();
    }
    printf("%s\t%s\t%zu\n", work[chosen].name, work[chosen].unit, work[chosen].units);
    return 0;
}
