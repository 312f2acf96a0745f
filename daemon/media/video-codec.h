/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * VP8: an encoder of raw pictures, one for all receivers, and a decoder, which exists only while a
 * program shows the picture; and a decoder of JPEG. Each is a GStreamer pipeline of its own.
 */

#include <gst/gst.h>
#include <stdint.h>

#include "base/cleanup.h"

typedef struct VideoCodec VideoCodec;

/*
 * Called with an encoded or decoded (I420) picture, in a GStreamer thread. It may not free the
 * codec. GST_BUFFER_FLAG_DELTA_UNIT is set on all encoded pictures but key frames. Take a reference
 * to keep the sample.
 */
typedef void (*VideoCodecPicture)(void *userdata, GstSample *sample);

/* Return 0, -ENOMEM, or -EIO with a sentence in the log: GStreamer lacks an element. */
int video_encoder_new(VideoCodecPicture picture, void *userdata, VideoCodec **ret);
int video_decoder_new(VideoCodecPicture picture, void *userdata, VideoCodec **ret);
/* Decodes JPEG, as some cameras give it; call preload_jpeg() before. In any thread. */
int video_unpacker_new(VideoCodecPicture picture, void *userdata, VideoCodec **ret);
/* After it has returned, `picture` is not called any more. */
VideoCodec *video_codec_free(VideoCodec *codec);
DEFINE_CLEANUP(VideoCodec *, video_codec_free);

/*
 * Encodes a picture: video/x-raw of any format and size, which may change with each picture. In any
 * thread; does not block: pictures that come faster than they can be encoded are dropped.
 */
void video_encoder_push(VideoCodec *encoder, GstSample *sample);
/* In any thread. */
void video_encoder_set_bitrate(VideoCodec *encoder, uint32_t bitrate); /* bit/s */
/* Makes the next picture a key frame. In any thread. */
void video_encoder_request_key(VideoCodec *encoder);

/*
 * Decodes a picture (also JPEG); the first one must be a key frame. In any thread, one call at a
 * time; does not block.
 */
void video_decoder_push(VideoCodec *decoder, GstBuffer *buffer);
