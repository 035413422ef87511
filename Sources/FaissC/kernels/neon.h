// What the filters of codes share where they are written in NEON.

#pragma once

#include "levels.h"

#if KERNELS_HAVE_NEON

/// How many steps, up to 255 and rounded down, each of 16 numbers is above the least.
inline uint8x16_t steps_above(const float* numbers, float least, float inverse_step) {
    uint8x16x4_t steps;
    for (int i = 0; i < 4; ++i) {
        const float32x4_t above = vmulq_n_f32(vsubq_f32(vld1q_f32(numbers + 4 * i), vdupq_n_f32(least)), inverse_step);
        steps.val[i] = vreinterpretq_u8_u32(vcvtq_u32_f32(vminq_f32(above, vdupq_n_f32(255))));
    }
    return vqtbl4q_u8(steps, uint8x16_t{0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60});
}

/// A bit for each byte, of zeros or of ones.
inline uint64_t bits_of(uint8x16_t bytes) {
    const uint8x16_t bits = vandq_u8(bytes, uint8x16_t{1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128});
    return vaddv_u8(vget_low_u8(bits)) | static_cast<uint64_t>(vaddv_u8(vget_high_u8(bits))) << 8;
}

#endif
