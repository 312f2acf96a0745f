/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One other participant: its outlet and view, its verification, and the connection to it.
 *
 * A connection that the network has taken away is not mended (webrtcbin cannot restart ICE) but
 * replaced: a second one is set up beside it, and takes its place once it works. Only the one who
 * offers can begin that; the other one asks for it.
 */

#include "media/peer.h"

typedef struct Remote Remote;

typedef struct RemoteEvents {
        /* To be carried to the participant. */
        void (*signal)(void *userdata, Remote *remote, const MediaSignal *signal);
        /* State or status is another. The remote may not be freed from here. */
        void (*changed)(void *userdata, Remote *remote);
        void (*fault)(void *userdata, Remote *remote, const char *text);
        /* To a remote_request_stats(). */
        void (*stats)(void *userdata, Remote *remote, const WorkerParticipantStats *stats);
} RemoteEvents;

typedef struct RemoteOptions {
        const Participant *participant; /* copied */
        bool offers;                    /* the offers are ours to make */
        /* These outlive the remote. */
        const char *session;
        const IceServer *ice_servers;
        size_t n_ice_servers;
        bool relay_only;
        CallSound *sound; /* NULL: nothing is played */
        Voice *voice;     /* NULL: echo */
        Video *video;     /* likewise */
        bool with_video;  /* pictures are offered from the beginning */
        const RemoteEvents *events;
        void *userdata;
} RemoteOptions;

/* Returns 0, -ENOMEM, or -EIO with a sentence in the log: GStreamer lacks an element. */
int remote_new(const RemoteOptions *options, Remote **ret);
Remote *remote_free(Remote *remote);
DEFINE_CLEANUP(Remote *, remote_free);

/* What came from the participant. Nonsense is a fault, and changes nothing. */
void remote_signal(Remote *remote, const MediaSignal *signal);
/* Another connection, please: the network is another. */
void remote_restart(Remote *remote);
/* A picture of ours may go out from now on. */
void remote_want_video(Remote *remote);
/* Answered by one stats event. */
void remote_request_stats(Remote *remote);

const Participant *remote_participant(const Remote *remote);
PeerState remote_state(const Remote *remote);
void remote_status(const Remote *remote, WorkerParticipantStatus *ret);
