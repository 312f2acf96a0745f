/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The other participants of a call, each with a separate peer connection: of two participants, the
 * one who joined later makes the offer. A problem on one connection does not affect the others.
 */

#include "media/remote-participant.h"

typedef struct Mesh Mesh;

typedef struct MeshEvents {
        /*
         * A message for tringd: a signal, a participant's status, or stats. The mesh owns
         * `message`.
         */
        void (*message)(void *userdata, const WorkerMessage *message);
        void (*fault)(void *userdata, CallError error, const char *text);
        /* mesh_state() may have changed. */
        void (*changed)(void *userdata);
} MeshEvents;

/* `media` outlives the mesh. Returns 0 or -ENOMEM. */
int mesh_new(WorkerMedia *media, const MeshEvents *events, void *userdata, Mesh **ret);
Mesh *mesh_free(Mesh *mesh);
DEFINE_CLEANUP(Mesh *, mesh_free);

/*
 * Adds a participant; `offers`: this side makes the offer; `verifies`: a verification code may be
 * exchanged. Returns 0, or negative errno after reporting it as a fault.
 */
int mesh_add(Mesh *mesh, const Participant *participant, bool offers, bool verifies);
/* Allows sending pictures to every participant, including those added later. */
void mesh_want_video(Mesh *mesh);
void mesh_remove(Mesh *mesh, const char *participant_id);
/* Takes a signal from a participant. Does nothing if the participant has been removed. */
void mesh_signal(Mesh *mesh, const MessageSignal *message);
/* Addresses or routes have changed: makes new connections to all participants. */
void mesh_network_changed(Mesh *mesh);
/*
 * Requests one WORKER_STATS, which follows at once or later. A request that is still pending is
 * answered first, with what is known.
 */
void mesh_request_stats(Mesh *mesh, uint64_t serial);
/* Reports every participant once more. */
void mesh_report_all(Mesh *mesh);

/*
 * Returns the session's state after the state `was`: the best state of any connection, since a lost
 * connection does not end the others.
 */
SessionState mesh_state(const Mesh *mesh, SessionState was);
