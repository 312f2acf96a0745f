/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Raw pictures to VP8, once for all receivers: a GStreamer pipeline of its own. */

#include <gst/gst.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct VideoEncoder VideoEncoder;

/* One encoded picture, in a thread of GStreamer's; it may not free the encoder. A key frame is
 * without GST_BUFFER_FLAG_DELTA_UNIT. The buffer is the encoder's: take a reference to keep it. */
typedef void (*VideoEncoded)(void *userdata, GstBuffer *buffer);

/* Returns 0 or -EIO with a sentence in the log: GStreamer lacks an element. */
int video_encoder_new(VideoEncoded encoded, void *userdata, VideoEncoder **ret);
/* When it returns, `encoded` is not called any more. */
VideoEncoder *video_encoder_free(VideoEncoder *encoder);
DEFINE_CLEANUP(VideoEncoder *, video_encoder_free);

/*
 * Video/x-raw of any format and size, which may change with each picture. In any thread; does not
 * block: pictures that come faster than they can be encoded are dropped.
 */
void video_encoder_push(VideoEncoder *encoder, GstSample *sample);

/* In any thread. */
void video_encoder_set_bitrate(VideoEncoder *encoder, uint32_t bitrate); /* bit/s */
/* Makes the next picture a key frame. */
void video_encoder_request_key(VideoEncoder *encoder);
