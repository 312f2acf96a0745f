/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The place where one participant's voice comes out: the packet queue and the stream that plays it.
 * It stays while connections to the participant follow one another; one of them at a time is its
 * source.
 */

#include "media/call-audio.h"
#include "media/rtp.h"
#include "model/record.h"

typedef struct RemoteAudio RemoteAudio;

/* The participant begins or stops speaking, as it is heard; in the main loop. */
typedef void (*RemoteAudioActivity)(void *userdata);

/* `audio` outlives it; NULL: nothing is played. Returns 0 or negative errno. */
int remote_audio_new(CallAudio *audio, const char *session, const Party *party,
                     RemoteAudioActivity activity, void *userdata, RemoteAudio **ret);
/* Call it after the last write. */
RemoteAudio *remote_audio_free(RemoteAudio *remote);
DEFINE_CLEANUP(RemoteAudio *, remote_audio_free);

/* Plays `source` and no other from now on, as soon as it writes. */
void remote_audio_follow(RemoteAudio *remote, const void *source);
/* A packet of Opus; in any thread; dropped unless `source` is followed. */
void remote_audio_write(RemoteAudio *remote, const void *source, const RtpHeader *header,
                        const uint8_t *payload, size_t length);

bool remote_audio_is_speaking(const RemoteAudio *remote);

/* PipeWire's node.name; empty: nothing is played. */
const char *remote_audio_node(const RemoteAudio *remote);
/* How written packets fared. */
void remote_audio_count(const RemoteAudio *remote, PacketCounts *ret);
