/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/mesh.h"

#include <errno.h>
#include <utlist.h>

#include "base/log.h"

typedef struct Remote {
        struct Remote *prev, *next;
        Peer *peer; /* owned */
} Remote;

struct Mesh {
        MeshOptions options;
        Remote *remotes;

        uint64_t stats_serial; /* of the request being answered */
        WorkerStats stats;
        size_t stats_missing;
};

static Remote *find_remote(const Mesh *mesh, const char *id)
{
        Remote *remote;

        DL_FOREACH (mesh->remotes, remote)
                if (str_eq(peer_participant(remote->peer)->id, id))
                        return remote;
        return NULL;
}

static void tell(const Mesh *mesh, const WorkerMessage *message)
{
        mesh->options.events->tell(mesh->options.userdata, message);
}

static void tell_fault(const Mesh *mesh, const char *text)
{
        mesh->options.events->fault(mesh->options.userdata, CALL_ERROR_MEDIA_FAILED, text);
}

static void tell_participant(const Mesh *mesh, const Peer *peer)
{
        WorkerMessage message = {.type = WORKER_PARTICIPANT};

        peer_status(peer, &message.status);
        tell(mesh, &message);
}

/* ---- what a peer says ---- */

static void send_stats(Mesh *mesh)
{
        WorkerMessage message = {
                .type = WORKER_STATS, .serial = mesh->stats_serial, .stats = mesh->stats};

        tell(mesh, &message);
        free(mesh->stats.participants);
        mesh->stats = (WorkerStats){};
        mesh->stats_missing = 0;
}

static void on_signal(void *userdata, Peer *peer, const MediaSignal *signal)
{
        Mesh *mesh = userdata;
        WorkerMessage message = {.type = WORKER_SIGNAL_OUT};
        int r = media_signal_encode(signal, &message.signal.data);

        if (r < 0) {
                tell_fault(mesh, "a session description is too long");
                return;
        }
        STR_SET(message.signal.peer, peer_participant(peer)->id);
        tell(mesh, &message);
        free(message.signal.data);
}

static void on_changed(void *userdata, Peer *peer)
{
        Mesh *mesh = userdata;

        tell_participant(mesh, peer);
        mesh->options.events->changed(mesh->options.userdata);
}

static void on_peer_fault(void *userdata, Peer *peer, const char *text)
{
        const Party *party = &peer_participant(peer)->party;
        char sentence[MESSAGE_TEXT_MAX + 1], name[NAME_MAX_BYTES];

        str_printable(name, sizeof(name), str_empty(party->name) ? party->uid : party->name);
        snprintf(sentence, sizeof(sentence), "%.100s: %.140s", name, text);
        tell_fault(userdata, sentence);
}

static void on_stats(void *userdata, Peer *peer, const WorkerParticipantStats *stats)
{
        Mesh *mesh = userdata;

        if (mesh->stats_missing == 0)
                return;
        mesh->stats.participants[mesh->stats.n_participants++] = *stats;
        if (--mesh->stats_missing == 0)
                send_stats(mesh);
}

static const PeerEvents peer_events = {
        .signal = on_signal,
        .changed = on_changed,
        .fault = on_peer_fault,
        .stats = on_stats,
};

/* ---- who is there ---- */

/* A request for stats that is under way is answered without it. */
static void remote_free(Mesh *mesh, Remote *remote)
{
        if (mesh->stats_missing > 0)
                send_stats(mesh);
        DL_DELETE(mesh->remotes, remote);
        peer_free(remote->peer);
        free(remote);
}

int mesh_add(Mesh *mesh, const Participant *participant, bool offers)
{
        _cleanup_free_ Remote *remote = calloc(1, sizeof(*remote));
        PeerOptions options = {
                .participant = participant,
                .offers = offers,
                .session = mesh->options.session,
                .ice_servers = mesh->options.ice_servers,
                .n_ice_servers = mesh->options.n_ice_servers,
                .sound = mesh->options.sound,
                .voice = mesh->options.voice,
                .events = &peer_events,
                .userdata = mesh,
        };
        int r;

        mesh_remove(mesh, participant->id);
        r = remote ? peer_new(&options, &remote->peer) : -ENOMEM;
        if (r < 0) {
                tell_fault(mesh, "the connection to a participant could not be set up");
                return r;
        }
        DL_APPEND(mesh->remotes, remote);
        tell_participant(mesh, remote->peer);
        TAKE_PTR(remote);
        return 0;
}

void mesh_remove(Mesh *mesh, const char *participant_id)
{
        Remote *remote = find_remote(mesh, participant_id);

        if (remote)
                remote_free(mesh, remote);
}

void mesh_signal(Mesh *mesh, const MessageSignal *message)
{
        Remote *remote = find_remote(mesh, message->peer);
        char text[MESSAGE_TEXT_MAX + 1];
        MediaSignal signal;
        int r;

        if (!remote)
                return;
        r = media_signal_decode(message->data, &signal, text);
        if (r < 0) {
                on_peer_fault(mesh, remote->peer, r == -ENOMEM ? "out of memory" : text);
                return;
        }
        peer_signal(remote->peer, &signal);
        media_signal_done(&signal);
}

void mesh_request_stats(Mesh *mesh, uint64_t serial)
{
        Remote *remote;
        size_t n = 0;

        if (mesh->stats_missing > 0)
                send_stats(mesh);
        DL_COUNT(mesh->remotes, remote, n);
        mesh->stats_serial = serial;
        if (n > 0)
                mesh->stats.participants = calloc(n, sizeof(*mesh->stats.participants));
        if (!mesh->stats.participants) {
                send_stats(mesh);
                return;
        }
        mesh->stats_missing = n;
        DL_FOREACH (mesh->remotes, remote)
                peer_request_stats(remote->peer);
}

void mesh_tell_all(Mesh *mesh)
{
        Remote *remote;

        DL_FOREACH (mesh->remotes, remote)
                tell_participant(mesh, remote->peer);
}

SessionState mesh_state(const Mesh *mesh, SessionState was)
{
        bool connected = !mesh->remotes, interrupted = false, connecting = false;
        Remote *remote;

        DL_FOREACH (mesh->remotes, remote) {
                PeerState state = peer_state(remote->peer);

                connected |= state == PEER_CONNECTED;
                interrupted |= state == PEER_INTERRUPTED;
                connecting |= state == PEER_CONNECTING;
        }
        if (connected)
                return SESSION_CONNECTED;
        if (interrupted)
                return SESSION_RECONNECTING;
        if (!connecting)
                return SESSION_FAILED;
        /* One who came later connects while the others were lost. */
        return was == SESSION_CONNECTED || was == SESSION_RECONNECTING ? was : SESSION_JOINING;
}

/* ---- beginning and end ---- */

int mesh_new(const MeshOptions *options, Mesh **ret)
{
        Mesh *mesh = calloc(1, sizeof(*mesh));

        if (!mesh)
                return -ENOMEM;
        mesh->options = *options;
        *ret = mesh;
        return 0;
}

Mesh *mesh_free(Mesh *mesh)
{
        Remote *remote, *next;

        if (!mesh)
                return NULL;
        DL_FOREACH_SAFE (mesh->remotes, remote, next)
                remote_free(mesh, remote);
        free(mesh);
        return NULL;
}
