/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One other participant: their audio and video, the verification, and the connection to them.
 *
 * A connection that the network has broken is not repaired (webrtcbin cannot restart ICE) but
 * replaced: a second one is set up beside it, and takes its place once it works. Only the offering
 * side can begin a second one; the other side asks for it.
 */

#include "media/peer-connection.h"

typedef struct RemoteParticipant RemoteParticipant;

typedef struct RemoteParticipantEvents {
        /* A signal to send to the participant. */
        void (*signal)(void *userdata, RemoteParticipant *remote, const MediaSignal *signal);
        /* State or status has changed. The callback may not free the participant. */
        void (*changed)(void *userdata, RemoteParticipant *remote);
        void (*fault)(void *userdata, RemoteParticipant *remote, const char *text);
        /* The answer to remote_participant_request_stats(). */
        void (*stats)(void *userdata, RemoteParticipant *remote,
                      const WorkerParticipantStats *stats);
} RemoteParticipantEvents;

/*
 * `media` must outlive the remote participant, `participant` is copied. `offers`: this side makes
 * the offers. Returns 0, -ENOMEM, or -EIO with a
 * sentence in the log: GStreamer lacks an element.
 */
int remote_participant_new(const WorkerMedia *media, const Participant *participant, bool offers,
                           const RemoteParticipantEvents *events, void *userdata,
                           RemoteParticipant **ret);
RemoteParticipant *remote_participant_free(RemoteParticipant *remote);
DEFINE_CLEANUP(RemoteParticipant *, remote_participant_free);

/* No verification code may be exchanged; in the same turn as remote_participant_new(). */
void remote_participant_be_silent(RemoteParticipant *remote);
/* Takes a signal from the participant. Reports an invalid one as a fault, and ignores it. */
void remote_participant_signal(RemoteParticipant *remote, const MediaSignal *signal);
/*
 * Replaces the connection, because the network has changed. The answering side asks the other one
 * to do so.
 */
void remote_participant_restart(RemoteParticipant *remote);
/* Allows pictures to be sent to this participant. */
void remote_participant_want_video(RemoteParticipant *remote);
/* Asks for statistics; one stats event answers. */
void remote_participant_request_stats(RemoteParticipant *remote);

const Participant *remote_participant_id(const RemoteParticipant *remote);
PeerState remote_participant_state(const RemoteParticipant *remote);
void remote_participant_status(const RemoteParticipant *remote, WorkerParticipantStatus *ret);
