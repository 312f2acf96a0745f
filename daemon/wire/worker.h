/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The messages between tringd and a media worker (tring-media), as types and as JSON: one message
 * per datagram over a SOCK_SEQPACKET unix socket.
 *
 * tringd creates the listening socket $XDG_RUNTIME_DIR/tring/<session id>.worker, passes it to the
 * worker as descriptor 3 (LISTEN_FDS=1) and connects at once, without waiting for the worker to
 * start. The path stays, so that a restarted tringd can connect again and adopt the worker; a
 * worker that nobody adopts within WORKER_ORPHAN_S ends itself. On each new connection the worker
 * first sends STATE, then, while it is joined, MUTE, VIDEO_PAUSE, SCREEN, MICROPHONE, and one
 * PARTICIPANT for each participant.
 *
 * The worker reaches neither bus nor log nor name servers. STUN and TURN servers come to it by
 * address (loop/worker-orders.h); tringd writes its log (LOG), and asks rtkit for it
 * (REALTIME_WANTED).
 *
 * The worker does not open PipeWire's socket itself: tringd does, and keeps a duplicate, so that it
 * can close the worker's microphone whatever the worker does. The first one is descriptor 4, named
 * "pipewire" in $LISTEN_FDNAMES; the worker asks for further ones. A tringd of an earlier version
 * names none there: then the worker does all of this itself.
 *
 * Nothing here depends on the media stack: `data` of a signal is opaque to tringd and hub.
 */

#include "base/log.h"
#include "model/message.h"
#include "model/session-types.h"

#define WORKER_MESSAGE_MAX (64 * 1024) /* bytes of one datagram */
#define WORKER_ORPHAN_S 30             /* rule 18: how long a worker waits to be adopted */
#define WORKER_SOCKET_FD 3             /* sd_listen_fds(3) */
#define WORKER_PIPEWIRE_FD 4           /* likewise, where it is named */
#define WORKER_FD_NAMES "control"      /* $LISTEN_FDNAMES, with and without PipeWire */
#define WORKER_FD_NAMES_PIPEWIRE "control:pipewire"

typedef enum WorkerMessageType {
        WORKER_NONE,

        /* tringd to worker */
        WORKER_JOIN,               /* `join`: open the microphone, offer to `others`; legal again
                                      after LEAVE, with a new participant id */
        WORKER_DEVICES,            /* `devices`: change the devices of a call in progress */
        WORKER_PARTICIPANT_JOINED, /* `participant` has joined, and will offer to us */
        WORKER_PARTICIPANT_LEFT,   /* `participant.id` has left */
        WORKER_SIGNAL_IN,          /* `signal`, from `signal.peer` */
        WORKER_RELAYS,             /* `relays`: use these ICE servers for new connections */
        WORKER_MUTE,               /* `on`; the worker repeats it on a new connection */
        WORKER_VIDEO_PAUSE,        /* `on`: close the camera, or open it again */
        WORKER_SCREEN_START,       /* `node`: send this screen in place of the camera; the PipeWire
                                      remote's descriptor comes with the message (SCM_RIGHTS) */
        WORKER_SCREEN_STOP,
        WORKER_NETWORK_CHANGED, /* addresses or routes have changed: make new connections */
        WORKER_LEAVE,           /* close microphone and media, stay warm */
        WORKER_STATS_REQUEST,   /* answered by one WORKER_STATS with the same `serial` */
        WORKER_PING,            /* answered by one WORKER_PONG with the same `serial`, once every
                                   order before it is in force */
        WORKER_PIPEWIRE,        /* a socket that is connected to PipeWire comes with the message
                                   (SCM_RIGHTS); without one, PipeWire cannot be reached */
        WORKER_QUIT,            /* end, at once and cleanly */

        /* worker to tringd */
        WORKER_STATE,       /* `state`: joining, connected, reconnecting, failed, left, idle */
        WORKER_SIGNAL_OUT,  /* `signal`, to `signal.peer` */
        WORKER_PARTICIPANT, /* `status` of one participant changed */
        WORKER_SCREEN,      /* `on`: whether the screen is sent; also when it ends by itself */
        WORKER_MICROPHONE,  /* `on`: whether there is one; after each join, and when it changes */
        WORKER_ERROR, /* `error`, `text`: a fault that does not end the worker; InvalidArgument:
                         it did not take a message */
        WORKER_STATS, /* `stats` */
        WORKER_PONG,  /* `serial`; also a sign of life */
        WORKER_PIPEWIRE_WANTED, /* asks for one WORKER_PIPEWIRE */
        WORKER_LOG,             /* `line` for the log, by a worker that tringd helps */
        WORKER_REALTIME_WANTED, /* asks that rtkit let `thread` run in real time */

        WORKER_MESSAGE_TYPE_COUNT,
} WorkerMessageType;

/* Whether the worker removes the speaker's sound from the microphone's. */
typedef enum EchoCancel {
        ECHO_CANCEL_AUTO, /* unless the speaker is a headset */
        ECHO_CANCEL_YES,
        ECHO_CANCEL_NO,
} EchoCancel;

const char *echo_cancel_to_string(EchoCancel cancel);
int echo_cancel_from_string(const char *s, EchoCancel *ret);

typedef struct WorkerDevices {
        /* PipeWire's node.name of each; empty: the system's default */
        char microphone[NODE_NAME_MAX + 1], speaker[NODE_NAME_MAX + 1], camera[NODE_NAME_MAX + 1];
        EchoCancel echo_cancel;
} WorkerDevices;

/* A participant with whom no verification code is exchanged. */
typedef struct WorkerUnverified {
        char id[PARTICIPANT_ID_MAX + 1];
} WorkerUnverified;

typedef struct WorkerJoin {
        ReplyJoin reply; /* owned; own id, others, ICE servers */
        bool muted;
        bool video, video_paused;       /* pictures are offered; the camera stays closed at first */
        bool relay_only;                /* only through TURN: nobody learns our address */
        char title[2 * NAME_MAX_BYTES]; /* for node.description: "Alice, call" */
        WorkerUnverified *unverified;   /* owned */
        size_t n_unverified;
        WorkerDevices devices;
} WorkerJoin;

typedef struct WorkerParticipantStatus {
        char id[PARTICIPANT_ID_MAX + 1];
        ParticipantMedia media;
} WorkerParticipantStatus;

typedef struct WorkerParticipantStats {
        char id[PARTICIPANT_ID_MAX + 1];
        char codec[32]; /* "opus" */
        double round_trip_ms, jitter_ms, mouth_to_ear_ms;
        double loss;                      /* 0…1, of the packets received from them */
        uint32_t bitrate_in, bitrate_out; /* bit/s, of the voice */
        char video_codec[32];             /* "vp8"; empty: no picture, and all below are 0 */
        uint32_t video_bitrate_in, video_bitrate_out; /* bit/s */
        uint32_t width, height;                       /* of their picture */
        double frames_per_second;                     /* likewise */
} WorkerParticipantStats;

typedef struct WorkerStats {
        WorkerParticipantStats *participants; /* owned */
        size_t n_participants;
} WorkerStats;

/* Numbers and names as in base/log.h. */
typedef struct WorkerLogLine {
        uint32_t level;
        char text[LOG_LINE_MAX];
        Metadata fields; /* owned */
} WorkerLogLine;

typedef struct WorkerMessage {
        WorkerMessageType type;
        uint64_t serial; /* STATS_REQUEST and STATS, PING and PONG */
        union {
                WorkerJoin join;
                struct {
                        Participant participant;
                        bool unverified; /* as WorkerUnverified */
                };
                MessageSignal signal; /* session_id is empty: a worker has one session */
                WorkerDevices devices;
                ReplyRelays relays; /* owned; the lifetime is tringd's concern, and 0 */
                bool on;
                uint32_t thread; /* gettid(2) */
                uint32_t node;   /* object id in the PipeWire remote that comes with the message */
                SessionState state;
                WorkerParticipantStatus status;
                struct {
                        CallError error;
                        char text[MESSAGE_TEXT_MAX + 1];
                };
                WorkerStats stats;
                WorkerLogLine line;
        };
} WorkerMessage;

/* Returns 0, -ENOMEM, or -EBADMSG with a sentence in `text`. *ret is owned by the caller on 0. */
int worker_decode(const char *json, size_t length, WorkerMessage *ret,
                  char text[static MESSAGE_TEXT_MAX + 1]);
/* The caller frees *ret. Returns 0, -ENOMEM, or -EMSGSIZE. */
int worker_encode(const WorkerMessage *message, char **ret, size_t *ret_length);
void worker_message_done(WorkerMessage *message);
