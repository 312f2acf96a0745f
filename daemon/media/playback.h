/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The voice of one participant on its way to a loudspeaker: a PipeWire stream that reads a packet
 * queue. PipeWire mixes; any mixer can route each voice and set its volume.
 */

#include "media/echo-canceller.h"
#include "media/packet-queue.h"
#include "media/pipewire.h"

typedef struct Playback Playback;

/* `queue` and `echo` outlive the playback, which is the queue's only reader. `target` is the
 * node.name of a speaker; empty: the default one. Returns 0 or negative errno. */
int playback_new(PipeWire *pipewire, const char *node, const char *description, const char *target,
                 PacketQueue *queue, EchoCanceller *echo, Playback **ret);
Playback *playback_free(Playback *playback);
DEFINE_CLEANUP(Playback *, playback_free);

/*
 * Moves to another speaker: makes a second stream for it, and ends the first one when the second
 * plays. Returns 0; or negative errno, and the first one stays.
 */
int playback_move(Playback *playback, const char *target);

/* The stream has failed and plays nothing. */
bool playback_failed(const Playback *playback);
