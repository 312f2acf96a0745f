/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The other participants of a call, each with a peer connection of its own: the later participant
 * offers to the earlier ones. A problem on one connection leaves the others alone.
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
 * Adds a participant; `offers`: this side makes the offer. Negative errno is reported by `fault`.
 */
int mesh_add(Mesh *mesh, const Participant *participant, bool offers);
/* Allows pictures to be sent to every participant, also to later ones. */
void mesh_want_video(Mesh *mesh);
/* Signals for a participant who has left are dropped. */
void mesh_remove(Mesh *mesh, const char *participant_id);
void mesh_signal(Mesh *mesh, const MessageSignal *message);
/* Addresses or routes have changed: makes new connections for all. */
void mesh_network_changed(Mesh *mesh);
/*
 * Answered by one WORKER_STATS, at once or later; an older request is answered with what is known.
 */
void mesh_request_stats(Mesh *mesh, uint64_t serial);
/* Reports every participant once more. */
void mesh_report_all(Mesh *mesh);

/*
 * The session's state after `was`: the best state of any connection. Losing one connection does not
 * end the others.
 */
SessionState mesh_state(const Mesh *mesh, SessionState was);
