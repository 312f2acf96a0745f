/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The other participants of a call, each with a connection of its own: who joins later offers to
 * those who are there. Whatever happens to one connection leaves the others alone.
 */

#include "media/remote-participant.h"

typedef struct Mesh Mesh;

typedef struct MeshEvents {
        /* For tringd: a signal, news of a participant, or stats. `message` stays the mesh's. */
        void (*tell)(void *userdata, const WorkerMessage *message);
        void (*fault)(void *userdata, CallError error, const char *text);
        /* mesh_state() may be another. */
        void (*changed)(void *userdata);
} MeshEvents;

typedef struct MeshOptions {
        /* All are borrowed, and outlive the mesh. */
        const char *session;
        const IceServer *ice_servers;
        size_t n_ice_servers;
        bool relay_only;
        CallAudio *audio;    /* NULL: nothing is played */
        AudioSender *sender; /* NULL: echo */
        Video *video;        /* likewise */
        bool with_video;     /* pictures are offered from the beginning */
        const MeshEvents *events;
        void *userdata;
} MeshOptions;

/* Returns 0 or -ENOMEM. */
int mesh_new(const MeshOptions *options, Mesh **ret);
Mesh *mesh_free(Mesh *mesh);
DEFINE_CLEANUP(Mesh *, mesh_free);

/* One who is there; `offers`: the offer is ours to make. Negative errno: told by `fault`. */
int mesh_add(Mesh *mesh, const Participant *participant, bool offers);
/* A picture of ours may go out from now on, to everybody. */
void mesh_want_video(Mesh *mesh);
/* To one who has left, things may still come: they are dropped. */
void mesh_remove(Mesh *mesh, const char *participant_id);
void mesh_signal(Mesh *mesh, const MessageSignal *message);
/* Addresses or routes are others: all connections are made anew. */
void mesh_network_changed(Mesh *mesh);
/* Answered by one WORKER_STATS, at once or later; an older request is answered with what there is.
 */
void mesh_request_stats(Mesh *mesh, uint64_t serial);
/* Tells of each participant once more. */
void mesh_tell_all(Mesh *mesh);

/*
 * How the session is that `was` so: the best that any connection has. In a mesh, one that is lost
 * does not end the others.
 */
SessionState mesh_state(const Mesh *mesh, SessionState was);
