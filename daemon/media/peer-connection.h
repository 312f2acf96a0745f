/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One media connection to one other participant: one webrtcbin. Whoever joined later offers. What
 * is a participant's as long as it takes part, whatever becomes of connections, is in remote.h.
 *
 * Nothing is played and nothing is sent before the other side has shown the certificate that its
 * session description announced: webrtcbin itself does not look.
 *
 * Everything here is called in GLib's main loop, and every event comes from it: GStreamer's threads
 * do no more than put events there.
 */

#include "media/audio-sender.h"
#include "media/remote-audio.h"
#include "media/remote-video.h"
#include "media/video.h"
#include "wire/media-signal.h"
#include "wire/worker.h"

typedef enum PeerState {
        PEER_CONNECTING,
        PEER_CONNECTED,
        PEER_INTERRUPTED, /* was connected; nothing has come for a while */
        PEER_FAILED,      /* for good */
} PeerState;

typedef struct PeerConnection PeerConnection;

typedef struct PeerEvents {
        /* To be carried to the participant. */
        void (*signal)(void *userdata, PeerConnection *peer, const MediaSignal *signal);
        /* State is another. The peer may not be freed from here. */
        void (*changed)(void *userdata, PeerConnection *peer);
        /* A fault that is not the end of it, or (state is PEER_FAILED) is. */
        void (*fault)(void *userdata, PeerConnection *peer, const char *text);
        /* To a peer_request_stats(). */
        void (*stats)(void *userdata, PeerConnection *peer, const WorkerParticipantStats *stats);
} PeerEvents;

typedef struct PeerOptions {
        const Participant *participant; /* copied */
        bool offers;
        const IceServer *ice_servers;
        size_t n_ice_servers;
        bool relay_only;
        RemoteAudio *audio;  /* outlives the peer */
        AudioSender *sender; /* outlives the peer; NULL: echo, what is heard is sent back */
        Video *video;        /* outlives the peer; NULL: echo, likewise */
        RemoteVideo *view;   /* likewise: what of their pictures is shown */
        bool with_video;     /* offers pictures from the beginning */
        const PeerEvents *events;
        void *userdata;
} PeerOptions;

/* Returns 0, -ENOMEM, or -EIO with a sentence in the log: GStreamer lacks an element. */
int peer_new(const PeerOptions *options, PeerConnection **ret);
PeerConnection *peer_free(PeerConnection *peer);
DEFINE_CLEANUP(PeerConnection *, peer_free);

/* What came from the participant. Nonsense is a fault, and changes nothing. */
void peer_signal(PeerConnection *peer, const MediaSignal *signal);
/* A picture of ours may go out from now on: a way for it is agreed on, if there is none yet. */
void peer_want_video(PeerConnection *peer);
/* Of the other side's picture. */
void peer_request_key(PeerConnection *peer);
/* Answered by one stats event. */
void peer_request_stats(PeerConnection *peer);

PeerState peer_state(const PeerConnection *peer);
/* The other side has shown its certificate. */
bool peer_is_trusted(const PeerConnection *peer);
