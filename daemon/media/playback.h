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

/*
 * Plays nothing yet. `queue` and `echo` outlive the playback, which is the queue's only reader.
 * `node` and `description` name the stream. Returns 0 or -ENOMEM.
 */
int playback_new(const char *node, const char *description, PacketQueue *queue, EchoCanceller *echo,
                 Playback **ret);
Playback *playback_free(Playback *playback);
DEFINE_CLEANUP(Playback *, playback_free);

/*
 * Plays, or moves to another speaker: makes a second stream for it, and ends the first one when the
 * second plays. `target` is the node.name of a speaker; empty: the default one. Returns 0; or
 * negative errno, and everything stays.
 */
int playback_open(Playback *playback, PipeWire *pipewire, const char *target);
void playback_close(Playback *playback);
bool playback_is_open(const Playback *playback);

/* The stream has failed and plays nothing. */
bool playback_failed(const Playback *playback);
