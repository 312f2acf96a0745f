/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One participant's voice as it is played here: the packet queue, and the stream that plays it. It
 * outlives the connections to the participant, which may be replaced; one at a time is its source.
 */

#include "media/call-audio.h"
#include "media/rtp.h"
#include "model/record.h"

typedef struct RemoteAudio RemoteAudio;

/*
 * Called in the main loop when the participant begins or stops speaking, judged by the sound that
 * is played.
 */
typedef void (*RemoteAudioActivity)(void *userdata);

/* `audio` must outlive it; NULL: nothing is played. Returns 0 or negative errno. */
int remote_audio_new(CallAudio *audio, const char *session, const Party *party,
                     RemoteAudioActivity activity, void *userdata, RemoteAudio **ret);
/* Call it after the last write. */
RemoteAudio *remote_audio_free(RemoteAudio *remote);
DEFINE_CLEANUP(RemoteAudio *, remote_audio_free);

/* Makes `source` the only source as soon as it writes; until then, the previous source stays. */
void remote_audio_follow(RemoteAudio *remote, const void *source);
/* Takes a packet of Opus, in any thread. Drops it unless it comes from the source. */
void remote_audio_write(RemoteAudio *remote, const void *source, const RtpHeader *header,
                        const uint8_t *payload, size_t length);

bool remote_audio_is_speaking(const RemoteAudio *remote);

/* PipeWire's node.name; empty: nothing is played. */
const char *remote_audio_node(const RemoteAudio *remote);
/* Delay and losses of the packets so far. */
void remote_audio_count(const RemoteAudio *remote, PacketCounts *ret);
