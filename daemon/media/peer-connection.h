/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One media connection to one other participant: one webrtcbin. The participant who joined later
 * offers. State that outlives connections is in remote-participant.h.
 *
 * Nothing is played and nothing is sent before the other side has shown the certificate that its
 * session description announced; webrtcbin itself does not check that.
 *
 * Everything here is called in GLib's main loop, and every event comes from there: GStreamer's
 * threads only post events to it.
 */

#include "media/audio-sender.h"
#include "media/call-audio.h"
#include "media/remote-audio.h"
#include "media/remote-video.h"
#include "media/video.h"
#include "wire/media-signal.h"
#include "wire/worker.h"

typedef enum PeerState {
        PEER_CONNECTING,
        PEER_CONNECTED,
        PEER_INTERRUPTED, /* was connected; nothing at all has arrived for a while */
        PEER_FAILED,      /* for good */
} PeerState;

typedef struct PeerConnection PeerConnection;

typedef struct PeerEvents {
        /* A signal to send to the participant. */
        void (*signal)(void *userdata, PeerConnection *peer, const MediaSignal *signal);
        /* The state has changed. The callback may not free the peer. */
        void (*changed)(void *userdata, PeerConnection *peer);
        /* A fault; the connection is over only if its state is PEER_FAILED. */
        void (*fault)(void *userdata, PeerConnection *peer, const char *text);
        /* The answer to peer_request_stats(). */
        void (*stats)(void *userdata, PeerConnection *peer, const WorkerParticipantStats *stats);
} PeerEvents;

/* Shared by all connections of a call, and outlives them. */
typedef struct WorkerMedia {
        const char *session;
        IceServer *ice_servers; /* from the join reply, renewed from time to time */
        size_t n_ice_servers;
        bool relay_only;
        bool with_video;     /* pictures are offered from the beginning */
        CallAudio *audio;    /* NULL: an echo, which sends back what it receives */
        AudioSender *sender; /* likewise */
        Video *video;        /* likewise */
} WorkerMedia;

typedef struct PeerOptions {
        const WorkerMedia *media;
        const Participant *participant; /* copied */
        bool offers, with_video;
        RemoteAudio *audio; /* outlives the peer */
        RemoteVideo *video; /* likewise */
        const PeerEvents *events;
        void *userdata;
} PeerOptions;

/* Returns 0, -ENOMEM, or -EIO with a sentence in the log: GStreamer lacks an element. */
int peer_new(const PeerOptions *options, PeerConnection **ret);
PeerConnection *peer_free(PeerConnection *peer);
DEFINE_CLEANUP(PeerConnection *, peer_free);

/*
 * Candidates taken from the other side, for one connection; further ones are dropped. An end has
 * about 20. webrtcbin keeps all that come before their description.
 */
#define PEER_CANDIDATES_MAX 256

/* Takes a signal from the participant. Reports an invalid one as a fault, and ignores it. */
void peer_signal(PeerConnection *peer, const MediaSignal *signal);
/* Allows pictures to be sent; negotiates a video stream unless the connection has one. */
void peer_want_video(PeerConnection *peer);
/* Asks the other side for a key frame. */
void peer_request_key(PeerConnection *peer);
/* Asks for statistics; one stats event answers. */
void peer_request_stats(PeerConnection *peer);

PeerState peer_state(const PeerConnection *peer);
/* Whether the connection was interrupted for so long that another one should replace it. */
bool peer_is_lost(const PeerConnection *peer);
/* Whether the other side has shown the certificate that it announced. */
bool peer_is_trusted(const PeerConnection *peer);
