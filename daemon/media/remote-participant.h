/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One other participant: its audio and view, its verification, and the connection to it.
 *
 * A connection that the network has taken away is not mended (webrtcbin cannot restart ICE) but
 * replaced: a second one is set up beside it, and takes its place once it works. Only the one who
 * offers can begin that; the other one asks for it.
 */

#include "media/peer-connection.h"

typedef struct RemoteParticipant RemoteParticipant;

typedef struct RemoteParticipantEvents {
        /* To be carried to the participant. */
        void (*signal)(void *userdata, RemoteParticipant *remote, const MediaSignal *signal);
        /* State or status is another. The remote may not be freed from here. */
        void (*changed)(void *userdata, RemoteParticipant *remote);
        void (*fault)(void *userdata, RemoteParticipant *remote, const char *text);
        /* To a remote_participant_request_stats(). */
        void (*stats)(void *userdata, RemoteParticipant *remote,
                      const WorkerParticipantStats *stats);
} RemoteParticipantEvents;

typedef struct RemoteParticipantOptions {
        const Participant *participant; /* copied */
        bool offers;                    /* the offers are ours to make */
        /* These outlive the remote. */
        const char *session;
        const IceServer *ice_servers;
        size_t n_ice_servers;
        bool relay_only;
        CallAudio *audio;    /* NULL: nothing is played */
        AudioSender *sender; /* NULL: echo */
        Video *video;        /* likewise */
        bool with_video;     /* pictures are offered from the beginning */
        const RemoteParticipantEvents *events;
        void *userdata;
} RemoteParticipantOptions;

/* Returns 0, -ENOMEM, or -EIO with a sentence in the log: GStreamer lacks an element. */
int remote_participant_new(const RemoteParticipantOptions *options, RemoteParticipant **ret);
RemoteParticipant *remote_participant_free(RemoteParticipant *remote);
DEFINE_CLEANUP(RemoteParticipant *, remote_participant_free);

/* What came from the participant. Nonsense is a fault, and changes nothing. */
void remote_participant_signal(RemoteParticipant *remote, const MediaSignal *signal);
/* Another connection, please: the network is another. */
void remote_participant_restart(RemoteParticipant *remote);
/* A picture of ours may go out from now on. */
void remote_participant_want_video(RemoteParticipant *remote);
/* Answered by one stats event. */
void remote_participant_request_stats(RemoteParticipant *remote);

const Participant *remote_participant_id(const RemoteParticipant *remote);
PeerState remote_participant_state(const RemoteParticipant *remote);
void remote_participant_status(const RemoteParticipant *remote, WorkerParticipantStatus *ret);
