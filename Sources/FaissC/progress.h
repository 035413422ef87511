// How work is watched and stopped.

#pragma once

#include "guarded.h"

/// The steps of a piece of work, which its caller watches and may stop.
struct Progress {
    const FaissWork& work;
    size_t steps = 0;
    size_t step = 0;

    /// Reports the beginning of a step. Throws Cancelled.
    void report() {
        if (work.progress && work.progress(work.context, step, steps) != 0) {
            throw Cancelled();
        }
        ++step;
    }
};
