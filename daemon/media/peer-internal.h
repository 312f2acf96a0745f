/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The inside of a peer connection, shared by its parts: peer-connection.c (beginning, end, state),
 * peer-negotiation.c (offer and answer), peer-voice.c (the sound both ways), peer-video.c (the
 * pictures) and peer-event.c (from GStreamer's threads to the main loop).
 */

#include "media/chain.h"
#include "media/congestion.h"
#include "media/description.h"
#include "media/peer-connection.h"
#include "media/stats.h"
#include "media/verification.h"
#include "media/video-chain.h"

/* Pictures, both ways. */
typedef struct PeerVideo {
        bool wanted; /* pictures are sent, or may be: an m= section is needed */
        bool asked;  /* the offering side was asked for an offer that has one */
        bool agreed; /* both sides have one */
        bool sending;
        VideoSendChain send;
        VideoReceiveChain receive;
        unsigned pictures_counted; /* by the last stats */
        usec_t key_asked_at;       /* of the receiving thread of an echo */
} PeerVideo;

/* Counted (g_atomic_rc_box): GStreamer's threads and pending events hold references. */
struct PeerConnection {
        Participant participant;
        PeerState state;
        bool closed; /* freed by its owner; later events are dropped */
        bool offers;
        const PeerEvents *events;
        void *userdata;

        GstElement *pipeline; /* counted */
        GstElement *webrtc;   /* the pipeline's */
        GstElement *rtpbin;   /* counted: webrtc's */
        guint bus_watch, timer;
        SendChain send;
        GstWebRTCSessionDescription *offer; /* owned: waits for the send chain's caps */
        bool offer_due;                     /* there is more to offer than in the last offer */
        bool offering;                      /* our offer has no answer yet */
        usec_t began;

        Fingerprint announced; /* by the other side's session description */
        atomic_bool trusted;   /* the other side has shown that certificate */
        bool has_turn, relay_only;
        bool has_relay; /* a TURN server gave us a relayed address */

        RemoteAudio *audio; /* not owned */
        AudioSender *sender;
        Congestion congestion;
        _Atomic usec_t arrived;   /* the last packet */
        atomic_uint voice_source; /* of received packets; 0: none yet */
        StatsCounters counted;

        Video *own_video;          /* not owned; NULL: echo */
        RemoteVideo *remote_video; /* not owned */
        PeerVideo video;
};

void peer_unref(void *peer);

void peer_fault(PeerConnection *peer, const char *text);
/* Ends the connection for good, with a sentence why. */
void peer_fail(PeerConnection *peer, const char *text);

/* ---- peer-negotiation.c ---- */

/*
 * Builds the chain to the other side, with the offer's payload type for Opus. Returns 0 or negative
 * errno.
 */
int peer_build_send_chain(PeerConnection *peer, unsigned payload);
/* Caps have reached the webrtcbin: an offer or an answer can be made now. */
void peer_caps_known(PeerConnection *peer);
/* Our offer was answered, or our answer was sent. */
void peer_agreed(PeerConnection *peer);

/* ---- peer-video.c ---- */

/* Builds the chain to the other side. Returns 0 or negative errno. */
int peer_video_build(PeerConnection *peer, const VideoFormat *format);
/* Whether an offer can be made: no picture will be sent, or its caps have reached the webrtcbin. */
bool peer_video_is_ready(const PeerConnection *peer);
/* Begins to send once both sides have agreed and are connected. */
void peer_video_connected(PeerConnection *peer);
/* Links a source pad of the webrtcbin; in GStreamer's thread. -EINVAL: not VP8. */
int peer_video_link(PeerConnection *peer, GstPad *pad);
/* Once a second. */
void peer_video_look(PeerConnection *peer);
void peer_video_stats(PeerConnection *peer, usec_t elapsed, WorkerParticipantStats *stats);
/* Called before and after the pipeline ends. */
void peer_video_stop(PeerConnection *peer);
void peer_video_done(PeerConnection *peer);

/* ---- peer-voice.c ---- */

/* Needs the webrtcbin. Returns 0 or negative errno. */
int peer_voice_init(PeerConnection *peer);
/* Sends this user's voice through the send chain, which has been built. */
int peer_voice_speak(PeerConnection *peer);
void peer_voice_connected(PeerConnection *peer);
/* Adapts to the path, by the other side's reports. */
void peer_voice_adapt(PeerConnection *peer, const StatsCounters *counted);
/* Stops sending. */
void peer_voice_stop(PeerConnection *peer);

/* ---- peer-event.c ---- */

typedef enum PeerEventType {
        PEER_EVENT_CAPS,
        PEER_EVENT_SIGNAL,
        PEER_EVENT_CONNECTION,
        PEER_EVENT_GATHERED, /* all of our candidates */
        PEER_EVENT_PATH,
        PEER_EVENT_AGREED,
        PEER_EVENT_PICTURE,
        PEER_EVENT_STATS,
        PEER_EVENT_FAILED,
} PeerEventType;

typedef struct PeerEvent {
        PeerEventType type;
        PeerConnection *peer; /* counted */
        MediaSignal signal;
        GstWebRTCPeerConnectionState connection;
        StatsCounters counted; /* of STATS and PATH */
        char text[MESSAGE_TEXT_MAX + 1];
} PeerEvent;

/* Called in any thread; peer_handle() in peer-connection.c then gets the event in the main loop. */
PeerEvent *peer_event_new(PeerConnection *peer, PeerEventType type);
void peer_event_post(PeerEvent *event);
void peer_post_failure(PeerConnection *peer, const char *text);
void peer_handle(PeerConnection *peer, const PeerEvent *event);

/* Makes the callbacks of webrtcbin and receive chain post events. */
void peer_listen(PeerConnection *peer);

/* Answered by one PEER_EVENT_PATH. */
void peer_request_path(PeerConnection *peer);

/* Connects a signal whose handler holds a reference to the peer. */
void peer_connect_signal(PeerConnection *peer, void *object, const char *signal,
                         GCallback callback);
/* Posts PEER_EVENT_CAPS once the pad has caps, and when they change. */
void peer_watch_caps(PeerConnection *peer, GstPad *pad);
/* A promise that holds a reference to the peer; `kept` is called in webrtcbin's thread. */
GstPromise *peer_promise_new(PeerConnection *peer, GstPromiseChangeFunc kept);
/* NULL: it was not kept. */
const GstStructure *peer_promise_reply(GstPromise *promise);
