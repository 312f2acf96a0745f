/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A raw picture in a buffer of PipeWire. The buffer and what describes it lie in memory that the
 * source of the picture shares and may change at any time: each number is read once, and checked
 * before it is used. Only the pixels may be torn.
 */

#include <gst/video/video.h>
#include <spa/buffer/buffer.h>
#include <spa/buffer/meta.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CameraPlane {
        const uint8_t *data; /* in the buffer */
        size_t stride;       /* bytes from a row to the next */
} CameraPlane;

/*
 * Finds the planes of a picture of the format `info`. False: it does not lie in the buffer as its
 * source claims.
 */
bool camera_planes_find(const GstVideoInfo *info, const struct spa_buffer *buffer,
                        CameraPlane ret[static GST_VIDEO_MAX_PLANES]);
/*
 * Returns the part of the picture that is meant: a shared window covers a part of the buffer, which
 * never shrinks when the window does.
 */
struct spa_region camera_planes_part(const GstVideoInfo *info, const struct spa_buffer *buffer);
/* Copies that part; `shown` is the format of the copy, with the part's size. */
void camera_planes_copy(const CameraPlane *planes, const struct spa_region *part,
                        const GstVideoInfo *shown, uint8_t *target);
