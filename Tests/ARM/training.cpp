#include "check.h"

#include <crc32c.h>
#include <text_marks.h>
#include <word2vec_kernel.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace {

/// Floats at an address that is aligned to a line of the cache.
class Aligned {
  public:
    explicit Aligned(size_t count) : memory(count + 16) {}
    float* get() {
        const auto address = reinterpret_cast<uintptr_t>(memory.data());
        return reinterpret_cast<float*>((address + 63) / 64 * 64);
    }

  private:
    Floats memory;
};

/// Rows as a step has them, and as plain loops change them.
struct Rows {
    Rows(size_t count, size_t dimension, size_t stride, float size) : memory(count * stride), plain(count) {
        for (size_t row = 0; row < count; ++row) {
            const Floats numbers = random_floats(dimension, -size, size);
            float* place = memory.get() + row * stride;
            std::copy(numbers.begin(), numbers.end(), place);
            pointers.push_back(place);
            plain[row].assign(numbers.begin(), numbers.end());
        }
    }
    Aligned memory;
    std::vector<float*> pointers;
    std::vector<std::vector<double>> plain;
};

double product(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

/// Adds the loss of a pair, and returns what both gain times each other.
double gradient(double dot, double weight, double rate, double& loss) {
    const double agreement = weight < 0 ? -dot : dot;
    const double right = 1 / (1 + std::exp(-agreement));
    loss -= std::fabs(weight) * std::log(right);
    return rate * weight * (1 - right);
}

void add(std::vector<double>& to, double factor, const std::vector<double>& what) {
    for (size_t i = 0; i < to.size(); ++i) {
        to[i] += factor * what[i];
    }
}

size_t up(size_t number, size_t multiple) {
    return (number + multiple - 1) / multiple * multiple;
}

void check_step(KernelLevel level, size_t dimension, Word2VecBlock block, bool on_means) {
    const size_t stride = up(dimension, 16);
    const int blocks = 2;
    const auto m = static_cast<size_t>(block.own + block.shared + block.other);
    const auto k = static_cast<size_t>(block.output_count);
    const float rate = 0.05f;
    Rows inputs(blocks * m, dimension, stride, 0.7f), outputs(blocks * k, dimension, stride, 0.7f);
    const auto old_inputs = inputs.plain, old_outputs = outputs.plain;
    const size_t means = block.shared + block.other > 0 ? 2 : 1;
    const size_t weight_count = on_means ? up(blocks * means * k, 16) : blocks * up(k, 8) * up(m, 2);
    Aligned weights(weight_count), scratch(word2vec_scratch_size(blocks, std::max<int>(2, m), k, stride));
    double loss = 0;
    for (size_t number = 0; number < blocks; ++number) {
        std::vector<std::vector<double>> x(old_inputs.begin() + number * m, old_inputs.begin() + (number + 1) * m);
        // Which inputs gain what a mean gains.
        std::vector<std::vector<size_t>> members(m);
        if (on_means) {
            x.assign(means, std::vector<double>(dimension));
            members.assign(means, {});
            for (size_t input = 0; input < m; ++input) {
                const bool in_first = input < static_cast<size_t>(block.own + block.shared);
                const bool in_second = input >= static_cast<size_t>(block.own) && means == 2;
                if (in_first) members[0].push_back(input);
                if (in_second) members[1].push_back(input);
            }
            for (size_t mean = 0; mean < means; ++mean) {
                for (size_t input : members[mean]) {
                    add(x[mean], 1.0 / static_cast<double>(members[mean].size()), old_inputs[number * m + input]);
                }
            }
        } else {
            for (size_t input = 0; input < m; ++input) members[input] = {input};
        }
        for (size_t i = 0; i < x.size(); ++i) {
            for (size_t output = 0; output < k; ++output) {
                const float weight = output == i % k ? 1 : -1.0f * static_cast<float>((i + output) % 3);
                const size_t place = on_means ? (number * means + i) * k + output
                                              : (number * up(k, 8) + output / 8 * 8) * up(m, 2) + i * 8 + output % 8;
                weights.get()[place] = weight;
                const auto& y = old_outputs[number * k + output];
                const double g = gradient(product(x[i], y), weight, rate, loss);
                add(outputs.plain[number * k + output], g, x[i]);
                for (size_t input : members[i]) add(inputs.plain[number * m + input], g, y);
            }
        }
    }
    const std::vector<Word2VecBlock> both(blocks, block);
    const Word2VecStep step{
            both.data(), blocks, inputs.pointers.data(), outputs.pointers.data(), weights.get(), rate, static_cast<int>(stride), scratch.get(), 0};
    const double found = on_means ? word2vec_step_on_means(&step, level) : word2vec_step(&step, level);
    CHECK(is_near(found, loss, 1e-5 * (1 + loss)), "loss %g, not %g: %zu × %zu, dimension %zu", found, loss, m, k, dimension);
    for (const Rows* rows : {&inputs, &outputs}) {
        for (size_t row = 0; row < rows->plain.size(); ++row) {
            for (size_t i = 0; i < stride; ++i) {
                const double expected = i < dimension ? rows->plain[row][i] : 0;
                const double tolerance = i < dimension ? 1e-5 : 0; // The padding stays zero.
                CHECK(is_near(rows->pointers[row][i], expected, tolerance), "%zu × %zu, dimension %zu", m, k, dimension);
            }
        }
    }
}

} // namespace

void check_training(KernelLevel level) {
    for (size_t dimension : {1, 3, 4, 16, 17, 100, 131}) {
        for (int own : {1, 6}) {
            for (int both : {0, 1, 4}) {
                for (int outputs : {1, 2, 6, 8, 9, 17}) {
                    for (bool on_means : {false, true}) {
                        check_step(level, dimension, {own, both, both ? 2 : 0, outputs}, on_means);
                    }
                }
            }
        }
    }
}

void check_bytes() {
    const Bytes bytes = random_bytes(400);
    for (size_t offset = 0; offset < 9; ++offset) {
        for (size_t count = 0; count < 300; ++count) {
            uint32_t expected = ~0u;
            for (size_t i = offset; i < offset + count; ++i) {
                expected ^= bytes[i];
                for (int bit = 0; bit < 8; ++bit) {
                    expected = expected & 1 ? expected >> 1 ^ 0x82F63B78 : expected >> 1;
                }
            }
            CHECK(crc32c_update(~0u, bytes.data() + offset, count) == expected, "%zu bytes", count);
            CHECK(crc32c_update_by_table(~0u, bytes.data() + offset, count) == expected, "%zu bytes", count);
        }
    }
    CHECK(crc32c_update(~0u, "123456789", 9) == ~0xE3069283u, "the standard's example");
    for (int round = 0; round < 100; ++round) {
        uint8_t text[64];
        for (uint8_t& byte : text) {
            byte = static_cast<uint8_t>(generator() % (round % 2 ? 40 : 256));
        }
        const TextMarks marks = text_marks(text);
        for (int i = 0; i < 64; ++i) {
            const bool is_space = text[i] == ' ' || (text[i] >= 9 && text[i] <= 13);
            CHECK((marks.white_space >> i & 1) == is_space, "byte %d", text[i]);
            CHECK((marks.line_feeds >> i & 1) == (text[i] == '\n'), "byte %d", text[i]);
        }
    }
}
