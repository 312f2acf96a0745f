/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The inside of a peer connection, shared by its parts: peer-connection.c (beginning, end, state),
 * peer-negotiation.c (offer and answer), peer-voice.c (sound in both directions), peer-video.c
 * (pictures in both directions) and peer-event.c (from GStreamer's threads to the main loop).
 */

#include "media/answer-pace.h"
#include "media/chain.h"
#include "media/congestion.h"
#include "media/description.h"
#include "media/path-probe.h"
#include "media/peer-connection.h"
#include "media/stats.h"
#include "media/verification.h"
#include "media/video-chain.h"

/* Pictures in both directions. */
typedef struct PeerVideo {
        bool wanted;  /* pictures may be sent, which needs an m= section */
        bool asked;   /* the offering side was asked to offer such a section */
        bool agreed;  /* offer and answer both have one */
        bool refused; /* one side does not know the other one's format; reported */
        bool sending;
        VideoSendChain send;
        VideoReceiveChain receive;
        unsigned pictures_counted; /* when stats were last requested */
        usec_t key_asked_at;       /* receiving thread; in an echo only */
} PeerVideo;

/* Reference-counted (g_atomic_rc_box): GStreamer's threads and pending events hold references. */
struct PeerConnection {
        Participant participant;
        PeerState state;
        bool closed; /* freed by its owner; later events are dropped */
        bool offers;
        const PeerEvents *events;
        void *userdata;

        GstElement *pipeline; /* a reference */
        GstElement *webrtc;   /* the pipeline's */
        GstElement *rtpbin;   /* a reference: the webrtcbin's */
        guint bus_watch, timer;
        SendChain send;
        GstWebRTCSessionDescription *offer; /* owned: the other side's; not answered yet */
        bool offer_due; /* the last offer lacks something that we have to offer */
        AnswerPace answers;
        bool offering;         /* our offer has no answer yet */
        bool answered;         /* it has one, which webrtcbin has not taken in yet */
        unsigned n_candidates; /* taken from the other side */
        OwnTime time;
        usec_t waited;   /* own time since the beginning */
        usec_t gathered; /* when gathering of candidates ended; 0: not yet */

        Fingerprint announced; /* by the other side's session description */
        atomic_bool trusted;   /* the other side has shown that certificate */
        bool has_turn, relay_only;
        bool has_relay; /* a TURN server gave us a relayed address */

        RemoteAudio *audio; /* not owned */
        AudioSender *sender;
        Congestion congestion;
        PathProbe *probe;         /* NULL: not connected yet */
        PathLife life;            /* as of the last look */
        atomic_uint voice_source; /* SSRC of the received voice; 0: none yet */
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

/* Builds the chain to the other side, with the offer's parameters. Returns 0 or negative errno. */
int peer_build_send_chain(PeerConnection *peer, const AudioFormat *format);
/* Makes the offer or answer that is due, if all caps have reached the webrtcbin. */
void peer_caps_known(PeerConnection *peer);
/* Our offer was answered, or our answer was sent. */
void peer_agreed(PeerConnection *peer);

/* ---- peer-video.c ---- */

/* Builds the chain to the other side. Returns 0 or negative errno. */
int peer_video_build(PeerConnection *peer, const VideoFormat *format);
/*
 * Whether the next offer or answer need not wait for pictures: no chain sends any, or its caps have
 * reached the webrtcbin.
 */
bool peer_video_is_ready(const PeerConnection *peer);
/* Begins to send once both sides have agreed and are connected. */
void peer_video_connected(PeerConnection *peer);
/*
 * Links a source pad of the webrtcbin; in a GStreamer thread. Returns 0, or negative errno
 * (-EINVAL: the pad does not carry VP8).
 */
int peer_video_link(PeerConnection *peer, GstPad *pad);
/* Called once a second: adapts the bit rate to the other side's reports. */
void peer_video_look(PeerConnection *peer);
void peer_video_stats(PeerConnection *peer, usec_t elapsed, WorkerParticipantStats *stats);
/* Call the first before the pipeline stops, the second after it. */
void peer_video_stop(PeerConnection *peer);
void peer_video_done(PeerConnection *peer);

/* ---- peer-voice.c ---- */

/* Call it after the webrtcbin was made. Returns 0 or negative errno. */
int peer_voice_init(PeerConnection *peer);
/* Starts to send this user's voice; call it after the send chain was built. */
int peer_voice_speak(PeerConnection *peer);
void peer_voice_connected(PeerConnection *peer);
/* Adapts the voice to the path, by the other side's reports. */
void peer_voice_adapt(PeerConnection *peer, const StatsCounters *counted);
/* Stops sending. */
void peer_voice_stop(PeerConnection *peer);

/* ---- peer-event.c ---- */

typedef enum PeerEventType {
        PEER_EVENT_CAPS,
        PEER_EVENT_SIGNAL,
        PEER_EVENT_CONNECTION,
        PEER_EVENT_GATHERED, /* all local candidates are known */
        PEER_EVENT_PATH,
        PEER_EVENT_AGREED,
        PEER_EVENT_PICTURE,
        PEER_EVENT_STATS,
        PEER_EVENT_FAILED,
} PeerEventType;

typedef struct PeerEvent {
        PeerEventType type;
        PeerConnection *peer; /* a reference */
        MediaSignal signal;
        GstWebRTCPeerConnectionState connection;
        StatsCounters counted; /* of STATS and PATH */
        char text[MESSAGE_TEXT_MAX + 1];
} PeerEvent;

/* In any thread; peer_handle() in peer-connection.c gets the event in the main loop. */
PeerEvent *peer_event_new(PeerConnection *peer, PeerEventType type);
void peer_event_post(PeerEvent *event);
void peer_post_failure(PeerConnection *peer, const char *text);
void peer_handle(PeerConnection *peer, const PeerEvent *event);

/* Connects to the signals of the webrtcbin; their handlers post events. */
void peer_listen(PeerConnection *peer);

/* Asks the webrtcbin for its statistics; one PEER_EVENT_PATH answers. */
void peer_request_path(PeerConnection *peer);

/* Connects a signal whose handler holds a reference to the peer. */
void peer_connect_signal(PeerConnection *peer, void *object, const char *signal,
                         GCallback callback);
/* Posts PEER_EVENT_CAPS once the pad has caps, and when they change. */
void peer_watch_caps(PeerConnection *peer, GstPad *pad);
/* A promise that holds a reference to the peer; `kept` is called in webrtcbin's thread. */
GstPromise *peer_promise_new(PeerConnection *peer, GstPromiseChangeFunc kept);
/* NULL: the webrtcbin gave no reply. */
const GstStructure *peer_promise_reply(GstPromise *promise);
