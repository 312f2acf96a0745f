/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The voice of one participant on its way to a loudspeaker: a PipeWire stream that reads a playout
 * ring. PipeWire mixes; each voice can be routed and set in volume by any mixer.
 */

#include "media/ring.h"
#include "media/sound.h"

typedef struct Playback Playback;

/* `ring` outlives the playback, which is its only reader. `target` empty: the default speaker. */
int playback_new(Sound *sound, const char *node, const char *description, const char *target,
                 Ring *ring, Playback **ret);
Playback *playback_free(Playback *playback);
DEFINE_CLEANUP(Playback *, playback_free);
