#include "check.h"

#include <FaissC/kernels/hamming.h>
#include <faiss_kernel_hooks.h>

#include <algorithm>
#include <cstring>

static void check_rows(KernelLevel level) {
    const FaissDistanceKernels& kernels = *faiss_distance_kernels(level);
    for (size_t d : dimensions()) {
        const size_t count = 41, queries = 3;
        const Bytes bytes = random_bytes(count * d + 1);
        const uint8_t* rows = bytes.data() + 1;
        const Floats x = random_floats(queries * d), scale = random_floats(d, 0.001f, 0.01f), offset = random_floats(d);
        Floats decoded(count * d);
        faiss_scan_decode(level, rows, count, d, scale.data(), offset.data(), decoded.data());
        for (size_t i = 0; i < count * d; ++i) {
            const double expected = static_cast<double>(rows[i]) * scale[i % d] + offset[i % d];
            CHECK(is_near(decoded[i], expected, 1e-6), "%zu dimensions", d);
        }
        for (size_t rows_at_once : {size_t(1), size_t(5), count}) {
            for (bool is_l2 : {false, true}) {
                Floats found(queries * rows_at_once);
                faiss_scan_rows(
                        level, is_l2, x.data(), queries, rows, rows_at_once, d, scale.data(), offset.data(), found.data());
                for (size_t i = 0; i < found.size(); ++i) {
                    const float* query = x.data() + i / rows_at_once * d;
                    const float* row = decoded.data() + i % rows_at_once * d;
                    // Bit by bit what floats give, as one row and as many.
                    const float expected = is_l2 ? kernels.squared_l2(query, row, d) : -kernels.inner_product(query, row, d);
                    CHECK(found[i] == expected, "%zu dimensions, %zu rows", d, rows_at_once);
                }
            }
        }
        const Floats numbers = random_floats(count * d, -2, 2), low = random_floats(d, -1.5f, -0.5f);
        Floats width = random_floats(d, 0.5f, 3), least(d, 1e9f), most(d, -1e9f);
        width[d / 2] = 0;
        Bytes codes(count * d);
        faiss_scan_encode(level, numbers.data(), count, d, low.data(), width.data(), codes.data());
        faiss_scan_extend_ranges(level, numbers.data(), count, d, least.data(), most.data());
        for (size_t i = 0; i < d; ++i) {
            float smallest = numbers[i], largest = numbers[i];
            for (size_t row = 0; row < count; ++row) {
                const float number = numbers[row * d + i];
                smallest = std::min(smallest, number);
                largest = std::max(largest, number);
                const float part = width[i] == 0 ? 0 : std::clamp((number - low[i]) / width[i], 0.0f, 1.0f);
                CHECK(codes[row * d + i] == static_cast<uint8_t>(part * 255), "%zu dimensions", d);
            }
            CHECK(least[i] == smallest && most[i] == largest, "%zu dimensions", d);
        }
    }
}

static void check_tables(KernelLevel level) {
    for (size_t subquantizers : {1, 2, 3, 8, 13}) {
        for (size_t width : {1, 2, 3, 4, 8, 11}) {
            for (size_t entries : {16, 256}) {
                const Floats query = random_floats(subquantizers * width);
                const Floats transposed = random_floats(subquantizers * width * entries);
                for (float factor : {0.0f, -1.0f, -2.0f}) {
                    Floats table(subquantizers * entries);
                    faiss_scan_table(
                            level, query.data(), transposed.data(), subquantizers, width, entries, factor, table.data());
                    for (size_t place = 0; place < table.size(); ++place) {
                        double sum = 0;
                        for (size_t i = 0; i < width; ++i) {
                            const double a = query[place / entries * width + i];
                            const double b = transposed[i * subquantizers * entries + place];
                            sum += factor == 0 ? (a - b) * (a - b) : factor * a * b;
                        }
                        CHECK(is_near(table[place], sum, 1e-5), "%zu × %zu", subquantizers, width);
                    }
                }
            }
        }
    }
}

static void check_codes(KernelLevel level) {
    for (size_t m : {1, 2, 7, 8, 16, 17, 48, 64}) {
        const Floats table = random_floats(m * 256, 0, 1);
        for (size_t count : {1, 63, 64, 65, 256}) {
            const Bytes codes = random_bytes(count * m);
            const Floats terms = random_floats(count, 0, 1);
            for (const float* term : {static_cast<const float*>(nullptr), terms.data()}) {
                Floats found(count);
                faiss_scan_codes(level, table.data(), 0.25f, codes.data(), term, count, m, found.data());
                float one;
                for (size_t i = 0; i < count; ++i) {
                    double sum = 0.25 + (term ? term[i] : 0);
                    for (size_t j = 0; j < m; ++j) {
                        sum += table[j * 256 + codes[i * m + j]];
                    }
                    CHECK(is_near(found[i], sum, 1e-6 * static_cast<double>(m + 1)), "%zu subquantizers", m);
                    const float* own = term ? term + i : nullptr;
                    faiss_scan_codes(level, table.data(), 0.25f, codes.data() + i * m, own, 1, m, &one);
                    CHECK(one == found[i], "%zu subquantizers", m);
                }
                Floats sorted = found;
                std::sort(sorted.begin(), sorted.end());
                for (size_t rank : {size_t(0), count / 10, count - 1}) {
                    const float limit = sorted[rank];
                    std::vector<uint16_t> positions(count);
                    const size_t left = faiss_scan_filter(
                            level, table.data(), 0.25f, limit, limit, codes.data(), term, count, m, positions.data());
                    if (left == SIZE_MAX) {
                        continue; // This level has no filter.
                    }
                    positions.resize(left);
                    CHECK(std::is_sorted(positions.begin(), positions.end()), "%zu subquantizers", m);
                    for (size_t i = 0; i < count; ++i) {
                        const bool is_left = std::binary_search(positions.begin(), positions.end(), i);
                        CHECK(is_left || found[i] > limit, "%zu subquantizers, code %zu", m, i);
                    }
                }
            }
        }
    }
}

static void check_packed(KernelLevel level) {
    size_t tried = 0, left_by_filters = 0, near = 0;
    for (size_t m : {2, 4, 6, 8, 16, 30, 32, 64}) {
        const Floats table = random_floats(m * 16, 0, 1);
        for (size_t count : {32, 64, 96, 320}) {
            const Bytes blocks = random_bytes(count * m / 2);
            Floats found(count);
            faiss_scan_packed_distances(table.data(), 0.5f, blocks.data(), count, m, found.data());
            for (size_t i = 0; i < count; ++i) {
                // Faiss's order: the vectors 0, 8, 1, 9, … 7, 15 in the lower halves of 16 bytes, 16 more in the upper.
                double sum = 0.5;
                const size_t byte = i % 8 * 2 + i % 16 / 8;
                for (size_t j = 0; j < m; ++j) {
                    const uint8_t both = blocks[i / 32 * m * 16 + j * 16 + byte];
                    sum += table[j * 16 + (i % 32 < 16 ? both & 15 : both >> 4)];
                }
                CHECK(is_near(found[i], sum, 1e-6 * static_cast<double>(m)), "%zu subquantizers, code %zu", m, i);
            }
            Floats sorted = found;
            std::sort(sorted.begin(), sorted.end());
            for (size_t rank : {size_t(0), count / 10, count - 1}) {
                for (size_t part : {count, count - 5}) {
                    const float limit = sorted[rank];
                    std::vector<uint16_t> positions(count);
                    const size_t left = faiss_scan_packed_filter(
                            level, table.data(), 0.5f, limit, limit * 1.1f, blocks.data(), part, m, positions.data());
                    if (left == SIZE_MAX) {
                        continue; // This level has no filter.
                    }
                    positions.resize(left);
                    CHECK(std::all_of(positions.begin(), positions.end(), [&](size_t i) { return i < part; }), "%zu", m);
                    for (size_t i = 0; i < part; ++i) {
                        const bool is_left = std::find(positions.begin(), positions.end(), i) != positions.end();
                        CHECK(is_left || found[i] > limit, "%zu subquantizers, code %zu", m, i);
                        tried += rank == 0;
                        left_by_filters += is_left && rank == 0;
                        near += found[i] <= limit && rank == 0;
                    }
                }
            }
        }
    }
    // A filter that lets all pass would be right and of no use.
    CHECK(left_by_filters <= near + tried / 10, "%zu of %zu left for %zu", left_by_filters, tried, near);
}

static void check_rabitq(KernelLevel level) {
    for (size_t d : dimensions()) {
        const size_t count = 37, queries = 15, size = (d + 31) / 32 * 32, padded = (count + 15) / 16 * 16;
        for (size_t bits : {1, 2, 3, 4}) {
            // A part of the low bits, and of three bits one more.
            const size_t low = bits == 3 ? 2 : bits, low_bytes = 64 * ((d * low + 31) / 32);
            const size_t code_bytes = low_bytes + (bits == 3 ? 64 * ((d + 31) / 32) : 0), block_bytes = code_bytes + 128;
            Bytes blocks = random_bytes(padded / 16 * block_bytes);
            for (size_t block = 0; block < padded / 16; ++block) {
                const Floats numbers = random_floats(32);
                memcpy(blocks.data() + block * block_bytes + code_bytes, numbers.data(), 128);
            }
            Bytes bytes = random_bytes(queries * size);
            for (size_t i = 0; i < bytes.size(); ++i) {
                bytes[i] = i % size < d && bytes[i] != 128 ? bytes[i] : 0;
            }
            const auto* values = reinterpret_cast<const int8_t*>(bytes.data());
            Floats found(queries * padded);
            faiss_rabitq_distances(level, d, bits, blocks.data(), count, queries, values, -0.5f, 2, found.data());
            for (size_t i = 0; i < found.size(); ++i) {
                const size_t vector = i % padded, lane = vector % 16;
                const uint8_t* block = blocks.data() + vector / 16 * block_bytes;
                const auto code = [&](const uint8_t* part, size_t width, size_t j) {
                    const size_t in_piece = 32 / width;
                    const uint8_t byte = part[j / in_piece * 64 + lane * 4 + j % 4];
                    return byte >> j % in_piece / 4 * width & ((1 << width) - 1);
                };
                int product = 0;
                for (size_t j = 0; j < d; ++j) {
                    int whole = code(block, low, j);
                    if (bits == 3) {
                        whole += 4 * code(block + low_bytes, 1, j);
                    }
                    product += (2 * whole - ((1 << bits) - 1)) * values[i / padded * size + j];
                }
                float term, factor;
                memcpy(&term, block + code_bytes + 4 * lane, 4);
                memcpy(&factor, block + code_bytes + 64 + 4 * lane, 4);
                const float turned = -0.5f * static_cast<float>(product);
                const float part = factor * turned;
                CHECK(found[i] == 2 + (term + part), "%zu dimensions, %zu bits", d, bits);
            }
        }
        const Floats x = random_floats(d), ones(4 * d, 1);
        Floats turned = x;
        faiss_rabitq_turn(level, turned.data(), d, ones.data(), 0);
        faiss_rabitq_turn(level, turned.data(), d, ones.data(), 1);
        Bytes code(d), rounded(size);
        faiss_rabitq_encode(level, x.data(), d, 1, code.data());
        auto* bytes = reinterpret_cast<int8_t*>(rounded.data());
        const float step = faiss_rabitq_round(level, x.data(), nullptr, d, bytes, size);
        for (size_t i = 0; i < d; ++i) {
            CHECK(std::fabs(turned[i] - x[i]) < 1e-5f, "%zu dimensions", d);
            CHECK(code[i] == (x[i] > 0), "%zu dimensions", d);
            CHECK(std::fabs(static_cast<float>(bytes[i]) * step - x[i]) <= step * 0.501f, "%zu dimensions", d);
        }
    }
}

void check_scans(KernelLevel level) {
    check_rabitq(level);
    check_rows(level);
    check_tables(level);
    check_codes(level);
    check_packed(level);
}

void check_hamming(KernelLevel level) {
    for (size_t row_bytes = 1; row_bytes <= 257; row_bytes += row_bytes < 70 ? 1 : row_bytes == 127 ? 1 : 3) {
        const size_t count = 277;
        const Bytes query = random_bytes(row_bytes), rows = random_bytes(row_bytes * count);
        const auto middle = static_cast<uint32_t>(4 * row_bytes);
        for (uint32_t limit : {0u, middle - 2, middle, UINT32_MAX}) {
            std::vector<uint32_t> distances(count), positions(count), expected_distances, expected_positions;
            for (uint32_t row = 0; row < count; ++row) {
                uint32_t sum = 0;
                for (size_t i = 0; i < row_bytes; ++i) {
                    for (int different = query[i] ^ rows[row * row_bytes + i]; different; different >>= 1) {
                        sum += different & 1;
                    }
                }
                if (sum <= limit) {
                    expected_distances.push_back(sum);
                    expected_positions.push_back(row);
                }
            }
            const size_t found = faiss_kernel_hamming(
                    level, query.data(), rows.data(), count, row_bytes, limit, distances.data(), positions.data());
            distances.resize(found);
            positions.resize(found);
            CHECK(distances == expected_distances && positions == expected_positions, "%zu bytes", row_bytes);
            for (size_t i = 0; i < expected_positions.size(); ++i) {
                const uint8_t* row = rows.data() + expected_positions[i] * row_bytes;
                const uint32_t one = hamming_kernels(level).distance(query.data(), row, row_bytes);
                CHECK(one == expected_distances[i], "%zu bytes", row_bytes);
            }
        }
    }
}
