/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/mesh.h"

#include <errno.h>
#include <glib.h>

#include "base/log.h"

struct Mesh {
        WorkerMedia *media; /* not owned */
        const MeshEvents *events;
        void *userdata;
        GSList *remotes; /* RemoteParticipant, owned */

        uint64_t stats_serial; /* of the request being answered */
        WorkerStats stats;
        size_t stats_missing; /* participants that have not answered yet */
};

static RemoteParticipant *find_remote(const Mesh *mesh, const char *id)
{
        for (GSList *at = mesh->remotes; at; at = at->next)
                if (str_eq(remote_participant_id(at->data)->id, id))
                        return at->data;
        return NULL;
}

static void send_message(const Mesh *mesh, const WorkerMessage *message)
{
        mesh->events->message(mesh->userdata, message);
}

static void report_fault(const Mesh *mesh, const char *text)
{
        mesh->events->fault(mesh->userdata, CALL_ERROR_MEDIA_FAILED, text);
}

static void report_participant(const Mesh *mesh, const RemoteParticipant *remote)
{
        WorkerMessage message = {.type = WORKER_PARTICIPANT};

        remote_participant_status(remote, &message.status);
        send_message(mesh, &message);
}

/* ---- events of a participant ---- */

static void send_stats(Mesh *mesh)
{
        WorkerMessage message = {
                .type = WORKER_STATS, .serial = mesh->stats_serial, .stats = mesh->stats};

        send_message(mesh, &message);
        free(mesh->stats.participants);
        mesh->stats = (WorkerStats){};
        mesh->stats_missing = 0;
}

static void on_signal(void *userdata, RemoteParticipant *remote, const MediaSignal *signal)
{
        Mesh *mesh = userdata;
        WorkerMessage message = {.type = WORKER_SIGNAL_OUT};
        int r = media_signal_encode(signal, &message.signal.data);

        if (r < 0) {
                report_fault(mesh, "cannot send a session description: it is too long");
                return;
        }
        STR_SET(message.signal.peer, remote_participant_id(remote)->id);
        send_message(mesh, &message);
        free(message.signal.data);
}

static void on_changed(void *userdata, RemoteParticipant *remote)
{
        Mesh *mesh = userdata;

        report_participant(mesh, remote);
        mesh->events->changed(mesh->userdata);
}

static void on_fault(void *userdata, RemoteParticipant *remote, const char *text)
{
        const Party *party = &remote_participant_id(remote)->party;
        char sentence[MESSAGE_TEXT_MAX + 1], name[NAME_MAX_BYTES];

        str_printable(name, sizeof(name), str_empty(party->name) ? party->uid : party->name);
        snprintf(sentence, sizeof(sentence), "%.100s: %.140s", name, text);
        report_fault(userdata, sentence);
}

static void on_stats(void *userdata, RemoteParticipant *remote, const WorkerParticipantStats *stats)
{
        Mesh *mesh = userdata;

        if (mesh->stats_missing == 0)
                return;
        mesh->stats.participants[mesh->stats.n_participants++] = *stats;
        if (--mesh->stats_missing == 0)
                send_stats(mesh);
}

static const RemoteParticipantEvents remote_events = {
        .signal = on_signal,
        .changed = on_changed,
        .fault = on_fault,
        .stats = on_stats,
};

/* ---- participants ---- */

int mesh_add(Mesh *mesh, const Participant *participant, bool offers, bool verifies)
{
        char text[MESSAGE_TEXT_MAX + 1];
        RemoteParticipant *remote;
        int r;

        mesh_remove(mesh, participant->id);
        r = remote_participant_new(mesh->media, participant, offers, &remote_events, mesh, &remote);
        if (r < 0) {
                snprintf(text, sizeof(text), "cannot connect to %s: %s", participant->party.uid,
                         strerror(-r));
                report_fault(mesh, text);
                return r;
        }
        if (!verifies)
                remote_participant_be_silent(remote);
        mesh->remotes = g_slist_append(mesh->remotes, remote);
        report_participant(mesh, remote);
        return 0;
}

void mesh_want_video(Mesh *mesh)
{
        mesh->media->with_video = true;
        for (GSList *at = mesh->remotes; at; at = at->next)
                remote_participant_want_video(at->data);
}

/* Answers a pending request for stats first: this participant may be the one it waits for. */
void mesh_remove(Mesh *mesh, const char *participant_id)
{
        RemoteParticipant *remote = find_remote(mesh, participant_id);

        if (!remote)
                return;
        if (mesh->stats_missing > 0)
                send_stats(mesh);
        mesh->remotes = g_slist_remove(mesh->remotes, remote);
        remote_participant_free(remote);
}

void mesh_signal(Mesh *mesh, const MessageSignal *message)
{
        RemoteParticipant *remote = find_remote(mesh, message->peer);
        char text[MESSAGE_TEXT_MAX + 1];
        MediaSignal signal;
        int r;

        if (!remote)
                return;
        r = media_signal_decode(message->data, &signal, text);
        if (r < 0) {
                on_fault(mesh, remote, r == -ENOMEM ? "out of memory" : text);
                return;
        }
        remote_participant_signal(remote, &signal);
        media_signal_done(&signal);
}

void mesh_network_changed(Mesh *mesh)
{
        for (GSList *at = mesh->remotes; at; at = at->next)
                remote_participant_restart(at->data);
}

void mesh_request_stats(Mesh *mesh, uint64_t serial)
{
        size_t n = g_slist_length(mesh->remotes);

        if (mesh->stats_missing > 0)
                send_stats(mesh);
        mesh->stats_serial = serial;
        if (n > 0)
                mesh->stats.participants = calloc(n, sizeof(*mesh->stats.participants));
        if (!mesh->stats.participants) {
                send_stats(mesh);
                return;
        }
        mesh->stats_missing = n;
        for (GSList *at = mesh->remotes; at; at = at->next)
                remote_participant_request_stats(at->data);
}

void mesh_report_all(Mesh *mesh)
{
        for (GSList *at = mesh->remotes; at; at = at->next)
                report_participant(mesh, at->data);
}

SessionState mesh_state(const Mesh *mesh, SessionState was)
{
        bool connected = !mesh->remotes, interrupted = false, connecting = false;

        for (GSList *at = mesh->remotes; at; at = at->next) {
                PeerState state = remote_participant_state(at->data);

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
        /* A later participant may still be connecting while the others are lost. */
        return was == SESSION_CONNECTED || was == SESSION_RECONNECTING ? was : SESSION_JOINING;
}

/* ---- beginning and end ---- */

int mesh_new(WorkerMedia *media, const MeshEvents *events, void *userdata, Mesh **ret)
{
        Mesh *mesh = calloc(1, sizeof(*mesh));

        if (!mesh)
                return -ENOMEM;
        *mesh = (Mesh){.media = media, .events = events, .userdata = userdata};
        *ret = mesh;
        return 0;
}

Mesh *mesh_free(Mesh *mesh)
{
        if (!mesh)
                return NULL;
        while (mesh->remotes)
                mesh_remove(mesh, remote_participant_id(mesh->remotes->data)->id);
        free(mesh);
        return NULL;
}
