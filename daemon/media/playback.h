/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Plays the voice of one participant: a PipeWire stream that reads a packet queue. PipeWire mixes
 * the voices; any mixer can route each one and set its volume.
 */

#include "media/echo-canceller.h"
#include "media/packet-queue.h"
#include "media/pipewire.h"

typedef struct Playback Playback;

/*
 * Plays nothing yet. `queue` and `echo` must outlive the playback, which is the queue's only
 * reader. `id`, `node` and `description` name the stream (pipewire.h). Returns 0 or -ENOMEM.
 */
int playback_new(const char *id, const char *node, const char *description, PacketQueue *queue,
                 EchoCanceller *echo, Playback **ret);
Playback *playback_free(Playback *playback);
DEFINE_CLEANUP(Playback *, playback_free);

/*
 * Starts to play, or moves to another speaker: opens a second stream there, and closes the first
 * one when the second plays. `target` is the node.name of a speaker; empty: the default one.
 * Returns 0, or negative errno: then nothing has changed.
 */
int playback_open(Playback *playback, PipeWire *pipewire, const char *target);
void playback_close(Playback *playback);
bool playback_is_open(const Playback *playback);

/* The stream has failed and plays nothing. */
bool playback_failed(const Playback *playback);
