/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where what one participant says comes out: the playout ring and the stream that plays it, named
 * for people. It stays while connections to the participant follow one another, of which one at a
 * time is its source.
 */

#include "media/call-sound.h"
#include "media/rtp.h"
#include "model/record.h"

typedef struct Outlet Outlet;

/* They begin or end to speak, as it is heard; in the main loop. */
typedef void (*OutletSpeech)(void *userdata);

/* `sound` outlives it; NULL: nothing is played. Returns 0 or negative errno. */
int outlet_new(CallSound *sound, const char *session, const Party *party, OutletSpeech speech,
               void *userdata, Outlet **ret);
/* Nobody writes any more. */
Outlet *outlet_free(Outlet *outlet);
DEFINE_CLEANUP(Outlet *, outlet_free);

/* `source` is heard, and nobody else, as soon as it has something to say. */
void outlet_follow(Outlet *outlet, const void *source);
/* A packet of Opus; in any thread; dropped unless `source` is followed. */
void outlet_write(Outlet *outlet, const void *source, const RtpHeader *header,
                  const uint8_t *payload, size_t length);

bool outlet_is_speaking(const Outlet *outlet);

/* PipeWire's node.name; empty: nothing is played. */
const char *outlet_node(const Outlet *outlet);
/* What became of what was written. */
void outlet_count(const Outlet *outlet, RingCounts *ret);
