/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where what one participant says comes out: the jitter queue and the stream that plays it, named
 * for people. It stays while connections to the participant follow one another, of which one at a
 * time is its source.
 */

#include "media/call-audio.h"
#include "media/rtp.h"
#include "model/record.h"

typedef struct RemoteAudio RemoteAudio;

/* They begin or end to speak, as it is heard; in the main loop. */
typedef void (*RemoteAudioActivity)(void *userdata);

/* `audio` outlives it; NULL: nothing is played. Returns 0 or negative errno. */
int remote_audio_new(CallAudio *audio, const char *session, const Party *party,
                     RemoteAudioActivity activity, void *userdata, RemoteAudio **ret);
/* Nobody writes any more. */
RemoteAudio *remote_audio_free(RemoteAudio *remote);
DEFINE_CLEANUP(RemoteAudio *, remote_audio_free);

/* `source` is heard, and nobody else, as soon as it has something to say. */
void remote_audio_follow(RemoteAudio *remote, const void *source);
/* A packet of Opus; in any thread; dropped unless `source` is followed. */
void remote_audio_write(RemoteAudio *remote, const void *source, const RtpHeader *header,
                        const uint8_t *payload, size_t length);

bool remote_audio_is_speaking(const RemoteAudio *remote);

/* PipeWire's node.name; empty: nothing is played. */
const char *remote_audio_node(const RemoteAudio *remote);
/* What became of what was written. */
void remote_audio_count(const RemoteAudio *remote, PacketCounts *ret);
