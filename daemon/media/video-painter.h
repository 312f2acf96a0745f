/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Paints a participant's picture into memory that other programs see. The memory may still hold an
 * older picture, which nobody may see once the participant has paused: whatever fails, all of it is
 * painted over.
 */

#include <gst/video/video.h>
#include <stdint.h>

typedef struct VideoPainter {
        GstVideoConverter *converter; /* owned; NULL: none has been needed yet */
        GstVideoInfo from, to;        /* what it converts */
} VideoPainter;

void video_painter_done(VideoPainter *painter);

/*
 * Paints the picture, as large as it fits, in the middle of `data`, which has the I420 format `to`.
 * `sample` NULL: paints it dark.
 */
void video_painter_paint(VideoPainter *painter, GstSample *sample, const GstVideoInfo *to,
                         uint8_t *data);
