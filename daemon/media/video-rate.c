/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video-rate.h"

#include "base/cleanup.h"

/* Google's congestion control, draft-ietf-rmcat-gcc-02: section 6 for loss, 5.5 for queues. */
#define LOSS_BAD 0.10
#define LOSS_GOOD 0.02
#define GROWTH 1.05
#define QUEUE_BAD_MS 100.0 /* jitter alone does not raise the mean this far */
#define QUEUE_CUT 0.85

uint32_t video_rate_next(uint32_t rate, double loss, double queue_ms)
{
        double next = rate;

        if (loss > LOSS_BAD)
                next *= 1 - loss / 2;
        else if (queue_ms > QUEUE_BAD_MS)
                next *= QUEUE_CUT;
        else if (loss < LOSS_GOOD)
                next *= GROWTH;
        return (uint32_t)CLAMP_TO(next, VIDEO_RATE_MIN, VIDEO_RATE_MAX);
}
