/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * VP8 to raw pictures (I420): a GStreamer pipeline of its own, which exists only while a program
 * shows the picture.
 */

#include <gst/gst.h>

#include "base/cleanup.h"

typedef struct VideoDecoder VideoDecoder;

/* One picture, in a thread of GStreamer's; it may not free the decoder. */
typedef void (*VideoDecoded)(void *userdata, GstSample *sample);

/* Returns 0 or -EIO with a sentence in the log: GStreamer lacks an element. */
int video_decoder_new(VideoDecoded decoded, void *userdata, VideoDecoder **ret);
/* When it returns, `decoded` is not called any more. */
VideoDecoder *video_decoder_free(VideoDecoder *decoder);
DEFINE_CLEANUP(VideoDecoder *, video_decoder_free);

/* An encoded picture, the first of them a key frame. In any thread, one call at a time; does not
 * block. */
void video_decoder_push(VideoDecoder *decoder, GstBuffer *buffer);
