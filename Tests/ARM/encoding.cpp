#include "check.h"

#include <encoder_kernels.h>

#include <algorithm>
#include <memory>

namespace {

/// Numbers at an address that is aligned to a line of the cache, zeros first.
template <class Number>
class Aligned {
  public:
    explicit Aligned(size_t count) : memory(count + 16) {}
    Number* get() {
        const auto address = reinterpret_cast<uintptr_t>(memory.data());
        return reinterpret_cast<Number*>((address + 63) / 64 * 64);
    }

  private:
    std::vector<Number> memory;
};

size_t rounded_up(size_t number, size_t multiple) {
    return (number + multiple - 1) / multiple * multiple;
}

double gelu(double x) {
    return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
}

/// Rows of random numbers, as far apart as kernels want them.
struct Rows {
    Rows(size_t count, size_t columns, float size = 1)
            : columns(columns), stride(rounded_up(columns, ENCODER_ROW_MULTIPLE)), memory(count * stride) {
        for (size_t row = 0; row < count; ++row) {
            const Floats numbers = random_floats(columns, -size, size);
            std::copy(numbers.begin(), numbers.end(), memory.get() + row * stride);
        }
    }
    float* operator[](size_t row) {
        return memory.get() + row * stride;
    }
    const size_t columns, stride;
    Aligned<float> memory;
};

/// A linear layer, as it is and packed, with float weights and with bytes.
void check_layer(size_t rows, size_t inner, size_t outputs, KernelLevel level) {
    const size_t width = encoder_panel_width(level), panels = (outputs + width - 1) / width;
    const Floats weights = random_floats(outputs * inner), offsets = random_floats(outputs);
    Aligned<float> packed(panels * inner * width), bias(panels * width);
    std::copy(offsets.begin(), offsets.end(), bias.get());
    Rows x(rows, inner), residual(rows, outputs), y(rows, panels * width);
    for (size_t panel = 0; panel < panels; ++panel) {
        const size_t count = std::min(width, outputs - panel * width);
        encoder_pack(
                weights.data() + panel * width * inner, count, inner, inner, packed.get() + panel * inner * width, level);
    }
    const auto sum = [&](size_t row, size_t output) {
        double sum = offsets[output];
        for (size_t i = 0; i < inner; ++i) {
            sum += static_cast<double>(x[row][i]) * weights[output * inner + i];
        }
        return sum;
    };
    const EncoderLinear linear = {packed.get(), bias.get(), inner, ENCODER_GELU, 0};
    encoder_multiply(&linear, x[0], rows, x.stride, 0, panels, residual[0], residual.stride, y[0], y.stride, level);
    for (size_t row = 0; row < rows; ++row) {
        for (size_t output = 0; output < outputs; ++output) {
            const double expected = gelu(sum(row, output)) + residual[row][output];
            CHECK(is_near(y[row][output], expected, 1e-5 * inner), "%g, not %g", y[row][output], expected);
        }
    }

    // In 8 bits: as many panels, whose weights and inputs are rounded.
    const size_t group = encoder_group_size(level), groups = (inner + group - 1) / group;
    Aligned<int32_t> bytes(panels * groups * width), sums(panels * width), values(rows * groups);
    Aligned<float> scales(panels * width), row_scales(rows);
    std::vector<int32_t> zeros(rows);
    Floats padded(panels * width * inner);
    std::copy(weights.begin(), weights.end(), padded.begin());
    for (size_t panel = 0; panel < panels; ++panel) {
        encoder_pack_quantized(
                padded.data() + panel * width * inner,
                inner,
                groups,
                bytes.get() + panel * groups * width,
                scales.get() + panel * width,
                sums.get() + panel * width,
                level);
    }
    encoder_quantize(
            x[0], rows, inner, x.stride, nullptr, nullptr, groups, values.get(), row_scales.get(), zeros.data(), level);
    const EncoderQuantizedLinear quantized = {
            bytes.get(), scales.get(), sums.get(), bias.get(), groups, ENCODER_IDENTITY, 0};
    encoder_multiply_quantized(
            &quantized,
            values.get(),
            row_scales.get(),
            zeros.data(),
            rows,
            0,
            panels,
            nullptr,
            0,
            y[0],
            y.stride,
            level);
    for (size_t row = 0; row < rows; ++row) {
        for (size_t output = 0; output < outputs; ++output) {
            // Each product is off by half a step of both: 1/127 of the weights' range, 1/255 of the inputs'.
            const double error = 0.012 * inner + 1e-4;
            CHECK(is_near(y[row][output], sum(row, output), error), "%g, not %g", y[row][output], sum(row, output));
        }
    }
}

void check_normalization(size_t columns, KernelLevel level) {
    Rows x(3, columns, 3), y(3, columns), gain(1, columns), offset(1, columns);
    encoder_normalize(x[0], 3, columns, x.stride, gain[0], offset[0], 1e-12f, y[0], level);
    for (size_t row = 0; row < 3; ++row) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < columns; ++i) {
            mean += x[row][i] / columns;
        }
        for (size_t i = 0; i < columns; ++i) {
            variance += (x[row][i] - mean) * (x[row][i] - mean) / columns;
        }
        for (size_t i = 0; i < columns; ++i) {
            const double expected = (x[row][i] - mean) / std::sqrt(variance + 1e-12) * gain[0][i] + offset[0][i];
            CHECK(is_near(y[row][i], expected, 1e-4), "%g, not %g", y[row][i], expected);
        }
    }
}

void check_attention(size_t tokens, size_t head_size, size_t window, KernelLevel level) {
    Rows queries(tokens, head_size), keys(tokens, head_size), values(tokens, head_size), output(tokens, head_size);
    Aligned<float> scratch(encoder_attention_scratch(tokens, head_size));
    EncoderAttention attention = {};
    attention.queries = queries[0];
    attention.keys = keys[0];
    attention.values = values[0];
    attention.stride = queries.stride;
    attention.tokens = tokens;
    attention.head_size = head_size;
    attention.scale = 1 / std::sqrt(static_cast<float>(head_size));
    attention.window = window;
    attention.output = output[0];
    attention.output_stride = output.stride;
    attention.scratch = scratch.get();
    encoder_attend(&attention, level);
    for (size_t query = 0; query < tokens; ++query) {
        std::vector<double> expected(head_size);
        double total = 0;
        for (size_t key = 0; key < tokens; ++key) {
            if ((key > query ? key - query : query - key) > window) {
                continue;
            }
            double score = 0;
            for (size_t i = 0; i < head_size; ++i) {
                score += static_cast<double>(queries[query][i]) * keys[key][i];
            }
            const double weight = std::exp(score * attention.scale);
            total += weight;
            for (size_t i = 0; i < head_size; ++i) {
                expected[i] += weight * values[key][i];
            }
        }
        for (size_t i = 0; i < head_size; ++i) {
            CHECK(is_near(output[query][i], expected[i] / total, 1e-5), "%g, not %g", output[query][i], expected[i] / total);
        }
    }
}

} // namespace

void check_encoding(KernelLevel level) {
    for (size_t rows : {1, 2, 5, 13}) {
        for (size_t inner : {1, 7, 32, 100}) {
            for (size_t outputs : {1, 16, 33, 96}) {
                check_layer(rows, inner, outputs, level);
            }
        }
    }
    for (size_t columns : {1, 5, 32, 100, 384}) {
        check_normalization(columns, level);
    }
    for (size_t tokens : {1, 2, 7, 16, 40, 130}) {
        for (size_t head_size : {8, 32, 64}) {
            check_attention(tokens, head_size, tokens, level);
            check_attention(tokens, head_size, 4, level);
        }
    }
}
