/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/remote-participant.h"

#include <errno.h>
#include <glib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "media/remote-audio.h"
#include "media/restart-pace.h"
#include "media/verification.h"

#define LOOK_S 1 /* between two checks whether the connection has to be replaced */
/* How long the other side's part of a code may come after the connection: once it is there, at
 * once. */
#define VERIFY_WAIT_S 10
/* How long the old connection stays beside the new one: the other side may switch later. */
#define LINGER_US (2 * USEC_PER_SEC)

typedef struct Connection {
        PeerConnection *peer; /* owned; NULL: none */
        uint32_t number;      /* from 1, chosen by the offering side */
} Connection;

struct RemoteParticipant {
        const WorkerMedia *media; /* not owned */
        Participant participant;
        bool offers, with_video;
        const RemoteParticipantEvents *events;
        void *userdata;
        RemoteAudio *audio;
        RemoteVideo *video;
        Verification verification;
        Connection now, next; /* next: being set up to take the place of `now` */
        Connection old;       /* `now` has replaced it; closed after LINGER_US */
        usec_t old_since;
        uint32_t n_connections;
        guint timer, settling;
        RestartPace pace;
        bool wants_stats;
        unsigned unverified_s; /* connected without a code */
};

static const PeerEvents peer_events;

static void report_fault(RemoteParticipant *remote, const char *text)
{
        remote->events->fault(remote->userdata, remote, text);
}

static void report_changed(RemoteParticipant *remote)
{
        remote->events->changed(remote->userdata, remote);
}

static void send_signal(RemoteParticipant *remote, const MediaSignal *signal)
{
        remote->events->signal(remote->userdata, remote, signal);
}

/* ---- connections ---- */

static int begin_connection(RemoteParticipant *remote, uint32_t number, Connection *ret)
{
        const PeerOptions options = {
                .media = remote->media,
                .participant = &remote->participant,
                .offers = remote->offers,
                .with_video = remote->with_video,
                .audio = remote->audio,
                .video = remote->video,
                .events = &peer_events,
                .userdata = remote,
        };
        PeerConnection *peer;
        int r = peer_new(&options, &peer);

        if (r < 0)
                return r;
        *ret = (Connection){.peer = peer, .number = number};
        remote->n_connections = number;
        return 0;
}

static void connection_done(Connection *connection)
{
        peer_free(connection->peer);
        *connection = (Connection){};
}

static uint32_t number_of(const RemoteParticipant *remote, const PeerConnection *peer)
{
        return remote->next.peer == peer  ? remote->next.number
               : remote->old.peer == peer ? remote->old.number
                                          : remote->now.number;
}

/* Begins another connection, and drops an earlier attempt that has not succeeded yet. */
static void begin_next(RemoteParticipant *remote, uint32_t number)
{
        connection_done(&remote->next);
        restart_pace_attempted(&remote->pace, clock_boottime());
        log_fields(LOG_INFO, "another connection is made", "PEER=%s", remote->participant.party.uid,
                   NULL);
        if (begin_connection(remote, number, &remote->next) < 0)
                report_fault(remote, "cannot set up another connection");
}

void remote_participant_restart(RemoteParticipant *remote)
{
        MediaSignal wanted = {.type = MEDIA_SIGNAL_OFFER_WANTED, .ice_restart = true};

        if (!restart_pace_want(&remote->pace, clock_boottime()))
                return;
        if (remote->offers) {
                begin_next(remote, remote->n_connections + 1);
                return;
        }
        restart_pace_attempted(&remote->pace, clock_boottime());
        send_signal(remote, &wanted);
}

/* Says so if the code does not come: somebody in between could hold it back. */
static void look_for_code(RemoteParticipant *remote)
{
        const char *why = verification_why_none(&remote->verification);

        if (!peer_is_trusted(remote->now.peer) || ++remote->unverified_s < VERIFY_WAIT_S / LOOK_S)
                return;
        verification_overdue(&remote->verification);
        if (why != verification_why_none(&remote->verification))
                report_changed(remote);
}

static gboolean look(void *data)
{
        RemoteParticipant *remote = data;
        usec_t now = clock_boottime();

        if (remote_video_look(remote->video))
                report_changed(remote);
        look_for_code(remote);

        if (remote->old.peer && now - remote->old_since >= LINGER_US)
                connection_done(&remote->old);
        if (restart_pace_look(&remote->pace, peer_state(remote->now.peer) == PEER_CONNECTED,
                              peer_is_lost(remote->now.peer), now))
                remote_participant_restart(remote);
        return G_SOURCE_CONTINUE;
}

/* Frees an attempt that has failed, because the callback of its event may not. */
static gboolean settle(void *data)
{
        RemoteParticipant *remote = data;

        remote->settling = 0;
        if (remote->next.peer && peer_state(remote->next.peer) == PEER_FAILED)
                connection_done(&remote->next);
        return G_SOURCE_REMOVE;
}

/* ---- events of a connection ---- */

static void on_signal(void *userdata, PeerConnection *peer, const MediaSignal *signal)
{
        RemoteParticipant *remote = userdata;
        MediaSignal sent = *signal;

        sent.connection = number_of(remote, peer);
        verification_send(&remote->verification, &sent);
        send_signal(remote, &sent);
}

static void take_over(RemoteParticipant *remote)
{
        connection_done(&remote->old);
        remote->old = remote->now;
        remote->old_since = clock_boottime();
        remote->now = remote->next;
        remote->next = (Connection){};
        remote_audio_follow(remote->audio, remote->now.peer);
        remote_video_follow(remote->video, remote->now.peer);
        if (remote->wants_stats)
                peer_request_stats(remote->now.peer);
}

static void on_changed(void *userdata, PeerConnection *peer)
{
        RemoteParticipant *remote = userdata;

        if (peer == remote->old.peer)
                return;
        if (peer == remote->next.peer) {
                if (peer_state(peer) == PEER_FAILED && remote->settling == 0)
                        remote->settling = g_idle_add(settle, remote);
                if (peer_state(peer) != PEER_CONNECTED)
                        return;
                take_over(remote);
        }
        report_changed(remote);
}

/* A connection that fails beside a working one is only an attempt, so its fault is only logged. */
static void on_fault(void *userdata, PeerConnection *peer, const char *text)
{
        RemoteParticipant *remote = userdata;

        if (peer == remote->now.peer || peer_state(remote->now.peer) == PEER_FAILED)
                report_fault(remote, text);
        else
                log_fields(LOG_NOTICE, text, "PEER=%s", remote->participant.party.uid, NULL);
}

static void on_stats(void *userdata, PeerConnection *peer, const WorkerParticipantStats *stats)
{
        RemoteParticipant *remote = userdata;

        if (!remote->wants_stats || peer != remote->now.peer)
                return;
        remote->wants_stats = false;
        remote->events->stats(remote->userdata, remote, stats);
}

static const PeerEvents peer_events = {
        .signal = on_signal,
        .changed = on_changed,
        .fault = on_fault,
        .stats = on_stats,
};

/* ---- requests ---- */

static void pass_to_connection(RemoteParticipant *remote, const MediaSignal *signal)
{
        if (signal->type == MEDIA_SIGNAL_OFFER && !remote->offers &&
            signal->connection > remote->n_connections) {
                if (remote->next.peer && restart_pace_is_recent(&remote->pace, clock_boottime()))
                        return;
                begin_next(remote, signal->connection);
        }
        if (signal->connection == remote->now.number)
                peer_signal(remote->now.peer, signal);
        else if (remote->next.peer && signal->connection == remote->next.number)
                peer_signal(remote->next.peer, signal);
}

void remote_participant_be_silent(RemoteParticipant *remote)
{
        verification_be_silent(&remote->verification);
}

void remote_participant_signal(RemoteParticipant *remote, const MediaSignal *signal)
{
        char text[MESSAGE_TEXT_MAX + 1];
        MediaSignal nonce;

        if (signal->type == MEDIA_SIGNAL_OFFER_WANTED) {
                if (remote->offers && signal->ice_restart)
                        remote_participant_restart(remote);
                else if (remote->offers)
                        remote_participant_want_video(remote);
                return;
        }
        const char *why = verification_why_none(&remote->verification);
        int r = verification_take(&remote->verification, signal, text);
        if (why != verification_why_none(&remote->verification))
                report_changed(remote);
        if (r < 0) {
                report_fault(remote, text);
                return;
        }
        pass_to_connection(remote, signal);
        if (verification_open(&remote->verification, &nonce))
                send_signal(remote, &nonce);
        if (signal->type == MEDIA_SIGNAL_NONCE)
                report_changed(remote);
}

void remote_participant_want_video(RemoteParticipant *remote)
{
        remote->with_video = true;
        peer_want_video(remote->now.peer);
        if (remote->next.peer)
                peer_want_video(remote->next.peer);
}

void remote_participant_request_stats(RemoteParticipant *remote)
{
        remote->wants_stats = true;
        peer_request_stats(remote->now.peer);
}

/* ---- beginning and end ---- */

static void on_speech(void *userdata)
{
        report_changed(userdata);
}

static void on_key_wanted(void *userdata)
{
        RemoteParticipant *remote = userdata;

        peer_request_key(remote->now.peer);
}

int remote_participant_new(const WorkerMedia *media, const Participant *participant, bool offers,
                           const RemoteParticipantEvents *events, void *userdata,
                           RemoteParticipant **ret)
{
        _cleanup_(remote_participant_freep) RemoteParticipant *remote = calloc(1, sizeof(*remote));
        uint8_t nonce[VERIFICATION_NONCE_SIZE];
        int r;

        if (!remote)
                return -ENOMEM;
        remote->media = media;
        remote->participant = *participant;
        remote->offers = remote->pace.offers = offers;
        remote->with_video = media->with_video;
        remote->events = events;
        remote->userdata = userdata;
        if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce))
                return -EIO;
        verification_init(&remote->verification, offers, nonce);
        r = remote_audio_new(media->sender ? media->audio : NULL, media->session,
                             &participant->party, on_speech, remote, &remote->audio);
        if (r == 0)
                r = remote_video_new(media->video, media->session, &participant->party,
                                     on_key_wanted, remote, &remote->video);
        if (r == 0)
                r = begin_connection(remote, 1, &remote->now);
        if (r < 0)
                return r;
        remote_audio_follow(remote->audio, remote->now.peer);
        remote_video_follow(remote->video, remote->now.peer);
        remote->timer = g_timeout_add_seconds(LOOK_S, look, remote);
        *ret = TAKE_PTR(remote);
        return 0;
}

RemoteParticipant *remote_participant_free(RemoteParticipant *remote)
{
        if (!remote)
                return NULL;
        if (remote->timer)
                g_source_remove(remote->timer);
        if (remote->settling)
                g_source_remove(remote->settling);
        connection_done(&remote->next);
        connection_done(&remote->now);
        connection_done(&remote->old);
        remote_audio_free(remote->audio);
        remote_video_free(remote->video);
        free(remote);
        return NULL;
}

const Participant *remote_participant_id(const RemoteParticipant *remote)
{
        return &remote->participant;
}

PeerState remote_participant_state(const RemoteParticipant *remote)
{
        return peer_state(remote->now.peer);
}

void remote_participant_status(const RemoteParticipant *remote, WorkerParticipantStatus *ret)
{
        const PeerConnection *peer = remote->now.peer;
        ParticipantMedia *media = &ret->media;

        *ret = (WorkerParticipantStatus){
                .media = {.connected = peer_state(peer) == PEER_CONNECTED,
                          .speaking = remote_audio_is_speaking(remote->audio)},
        };
        STR_SET(ret->id, remote->participant.id);
        STR_SET(media->audio_node, remote_audio_node(remote->audio));
        STR_SET(media->video_node, remote_video_node(remote->video));
        media->picture = remote_video_is_coming(remote->video);
        STR_SET(media->not_verifiable, verification_why_none(&remote->verification) ?: "");
        if (peer_is_trusted(peer))
                verification_code(&remote->verification, media->verification_code);
}
