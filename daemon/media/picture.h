/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Somebody's picture on this desktop: a PipeWire node of class Video/Source, which any program can
 * show or record as it would a camera. While nobody looks, nothing is decoded.
 *
 * The node stays while PipeWire does; after that picture_attach() makes it anew.
 */

#include <gst/gst.h>

#include "media/sound.h"

typedef struct Picture Picture;

/* Somebody begins to look: a key frame is needed. In the main loop. */
typedef void (*PictureKeyWanted)(void *userdata);

/* `node` and `description` are the node's. Returns 0 or -ENOMEM. */
int picture_new(const char *node, const char *description, PictureKeyWanted key_wanted,
                void *userdata, Picture **ret);
/* It is detached, and nothing comes from picture_push() any more. */
Picture *picture_free(Picture *picture);
DEFINE_CLEANUP(Picture *, picture_free);

/* Main loop. The sound outlives the picture, or it is detached before. Returns 0 or negative
 * errno. */
int picture_attach(Picture *picture, Sound *sound);
void picture_detach(Picture *picture);

/*
 * In any thread; needed before it is attached. The node follows when nobody looks; until then
 * whoever looks goes on in the size that they began with.
 */
void picture_set_size(Picture *picture, uint32_t width, uint32_t height);
/* A whole VP8 picture. In any thread, one call at a time. */
void picture_push(Picture *picture, GstBuffer *buffer);

/* Nothing comes any more (paused): it is dark until something does. Main loop. */
void picture_darken(Picture *picture);
