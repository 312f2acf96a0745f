/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where what one participant says comes out: the playout ring and the stream that plays it, named
 * for people. It stays while connections to the participant follow one another, of which one at a
 * time is its source.
 */

#include "call/record.h"
#include "media/call-sound.h"

typedef struct Outlet Outlet;

/* `sound` outlives it; NULL: nothing is played. Returns 0 or -ENOMEM. */
int outlet_new(CallSound *sound, const char *session, const Party *party, Outlet **ret);
/* Nobody writes any more. */
Outlet *outlet_free(Outlet *outlet);
DEFINE_CLEANUP(Outlet *, outlet_free);

/* `source` is heard, and nobody else, as soon as it has something to say. */
void outlet_follow(Outlet *outlet, const void *source);
/* In any thread; dropped unless `source` is followed. */
void outlet_write(Outlet *outlet, const void *source, const int16_t *samples, size_t n);

/* PipeWire's node.name; empty: nothing is played. */
const char *outlet_node(const Outlet *outlet);
/* How long what was written last waits until it is played. */
double outlet_delay_ms(const Outlet *outlet);
