/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One other participant: remote audio and video, verification, and the connection.
 *
 * A connection that the network has broken is not repaired (webrtcbin cannot restart ICE) but
 * replaced: a second one is set up beside it, and takes its place once it works. Only the offering
 * side can begin that; the other side asks for it.
 */

#include "media/peer-connection.h"

typedef struct RemoteParticipant RemoteParticipant;

typedef struct RemoteParticipantEvents {
        /* A signal to carry to the participant. */
        void (*signal)(void *userdata, RemoteParticipant *remote, const MediaSignal *signal);
        /* State or status has changed. The callback may not free the participant. */
        void (*changed)(void *userdata, RemoteParticipant *remote);
        void (*fault)(void *userdata, RemoteParticipant *remote, const char *text);
        /* To a remote_participant_request_stats(). */
        void (*stats)(void *userdata, RemoteParticipant *remote,
                      const WorkerParticipantStats *stats);
} RemoteParticipantEvents;

/*
 * `media` outlives the remote, `participant` is copied; `offers`: this side makes the offers.
 * Returns 0, -ENOMEM, or -EIO with a sentence in the log: GStreamer lacks an element.
 */
int remote_participant_new(const WorkerMedia *media, const Participant *participant, bool offers,
                           const RemoteParticipantEvents *events, void *userdata,
                           RemoteParticipant **ret);
RemoteParticipant *remote_participant_free(RemoteParticipant *remote);
DEFINE_CLEANUP(RemoteParticipant *, remote_participant_free);

/* A signal of the participant. An invalid one is reported as a fault, and changes nothing. */
void remote_participant_signal(RemoteParticipant *remote, const MediaSignal *signal);
/* The network has changed: makes another connection. */
void remote_participant_restart(RemoteParticipant *remote);
/* Allows pictures to be sent to this participant. */
void remote_participant_want_video(RemoteParticipant *remote);
/* Answered by one stats event. */
void remote_participant_request_stats(RemoteParticipant *remote);

const Participant *remote_participant_id(const RemoteParticipant *remote);
PeerState remote_participant_state(const RemoteParticipant *remote);
void remote_participant_status(const RemoteParticipant *remote, WorkerParticipantStatus *ret);
