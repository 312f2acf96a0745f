/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where the pictures of one participant come out: the node that any program can show (picture.h),
 * named for people. It stays while connections to the participant follow one another, of which one
 * at a time is its source.
 */

#include "media/video.h"
#include "model/record.h"

typedef struct View View;

/* Somebody begins to look, and the source is to ask for a key frame. */
typedef void (*ViewKeyWanted)(void *userdata);

/* `video` outlives it; NULL: nothing is shown, only counted. Returns 0 or -ENOMEM. */
int view_new(Video *video, const char *session, const Party *party, ViewKeyWanted key_wanted,
             void *userdata, View **ret);
/* Nobody writes any more. */
View *view_free(View *view);
DEFINE_CLEANUP(View *, view_free);

/* `source` is seen, and nobody else. */
void view_follow(View *view, const void *source);
/* A whole VP8 picture; in any thread, dropped unless `source` is followed. Whether view_look() is
 * wanted: pictures have begun to come. */
bool view_write(View *view, const void *source, GstBuffer *buffer);

/* Now and then, and when view_write() wants it. Whether what is below is another. */
bool view_look(View *view);
bool view_is_coming(const View *view);   /* a picture is */
const char *view_node(const View *view); /* PipeWire's node.name; empty: none is shown yet */

typedef struct ViewCounters {
        uint32_t width, height; /* of the last key frame; 0: there was none */
        unsigned pictures;
} ViewCounters;

void view_count(const View *view, ViewCounters *ret);
