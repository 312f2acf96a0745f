/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/worker.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <utlist.h>

#include "base/log.h"
#include "media/capture.h"
#include "media/link.h"
#include "media/peer.h"
#include "media/warm.h"

typedef struct Remote {
        struct Remote *prev, *next;
        Peer *peer; /* owned */
} Remote;

typedef struct Worker {
        WorkerOptions options;
        GMainLoop *loop;
        Link *link;
        guint orphan_timer;
        SessionState state;

        char own_id[PARTICIPANT_ID_MAX + 1]; /* empty: not joined */
        char title[2 * NAME_MAX_BYTES], microphone[NODE_NAME_MAX + 1], speaker[NODE_NAME_MAX + 1];
        IceServer *ice_servers; /* owned; those of the join */
        size_t n_ice_servers;

        Sound *sound;
        Voice *voice;
        Capture *capture;
        bool has_speaker;
        Remote *remotes;

        uint64_t stats_serial; /* of the request being answered */
        WorkerStats stats;
        size_t stats_missing;
} Worker;

static void tell_fault(Worker *worker, CallError error, const char *text)
{
        WorkerMessage message = {.type = WORKER_ERROR, .error = error};

        log_fields(LOG_WARNING, text, "SESSION_ID=%s", worker->options.session, NULL);
        str_printable(message.text, sizeof(message.text), text);
        link_send(worker->link, &message);
}

static void set_state(Worker *worker, SessionState state)
{
        if (worker->state == state)
                return;
        worker->state = state;
        log_fields(LOG_INFO, "media state", "SESSION_ID=%s", worker->options.session, "STATE=%s",
                   session_state_to_string(state), NULL);
        link_send(worker->link, &(WorkerMessage){.type = WORKER_STATE, .state = state});
}

static void tell_participant(Worker *worker, const Peer *peer)
{
        WorkerMessage message = {.type = WORKER_PARTICIPANT};

        peer_status(peer, &message.status);
        link_send(worker->link, &message);
}

/* The best that any connection has: in a mesh, one that is lost does not end the others. */
static void conclude_state(Worker *worker)
{
        bool connected = !worker->remotes, interrupted = false, connecting = false;
        bool was_connected =
                worker->state == SESSION_CONNECTED || worker->state == SESSION_RECONNECTING;
        Remote *remote;

        if (str_empty(worker->own_id))
                return;
        DL_FOREACH (worker->remotes, remote) {
                PeerState state = peer_state(remote->peer);

                connected |= state == PEER_CONNECTED;
                interrupted |= state == PEER_INTERRUPTED;
                connecting |= state == PEER_CONNECTING;
        }
        if (connected)
                set_state(worker, SESSION_CONNECTED);
        else if (interrupted)
                set_state(worker, SESSION_RECONNECTING);
        else if (!connecting || !was_connected) /* else: one who came later connects */
                set_state(worker, connecting ? SESSION_JOINING : SESSION_FAILED);
}

/* ---- peers ---- */

static Remote *find_remote(Worker *worker, const char *id)
{
        Remote *remote;

        DL_FOREACH (worker->remotes, remote)
                if (str_eq(peer_participant(remote->peer)->id, id))
                        return remote;
        return NULL;
}

static void send_stats(Worker *worker)
{
        WorkerMessage message = {
                .type = WORKER_STATS, .serial = worker->stats_serial, .stats = worker->stats};

        link_send(worker->link, &message);
        free(worker->stats.participants);
        worker->stats = (WorkerStats){};
        worker->stats_missing = 0;
}

/* A request for stats that is under way is answered without it. */
static void remote_free(Worker *worker, Remote *remote)
{
        if (worker->stats_missing > 0)
                send_stats(worker);
        DL_DELETE(worker->remotes, remote);
        peer_free(remote->peer);
        free(remote);
}

static void on_signal(void *userdata, Peer *peer, const MediaSignal *signal)
{
        Worker *worker = userdata;
        WorkerMessage message = {.type = WORKER_SIGNAL_OUT};
        int r = media_signal_encode(signal, &message.signal.data);

        if (r < 0) {
                tell_fault(worker, CALL_ERROR_MEDIA_FAILED, "a session description is too long");
                return;
        }
        STR_SET(message.signal.peer, peer_participant(peer)->id);
        link_send(worker->link, &message);
        free(message.signal.data);
}

static void on_changed(void *userdata, Peer *peer)
{
        Worker *worker = userdata;

        tell_participant(worker, peer);
        conclude_state(worker);
}

static void on_peer_fault(void *userdata, Peer *peer, const char *text)
{
        const Party *party = &peer_participant(peer)->party;
        char sentence[MESSAGE_TEXT_MAX + 1], name[NAME_MAX_BYTES];

        str_printable(name, sizeof(name), str_empty(party->name) ? party->uid : party->name);
        snprintf(sentence, sizeof(sentence), "%.100s: %.140s", name, text);
        tell_fault(userdata, CALL_ERROR_MEDIA_FAILED, sentence);
}

static void on_stats(void *userdata, Peer *peer, const WorkerParticipantStats *stats)
{
        Worker *worker = userdata;

        if (worker->stats_missing == 0)
                return;
        worker->stats.participants[worker->stats.n_participants++] = *stats;
        if (--worker->stats_missing == 0)
                send_stats(worker);
}

static const PeerEvents peer_events = {
        .signal = on_signal,
        .changed = on_changed,
        .fault = on_peer_fault,
        .stats = on_stats,
};

static void add_peer(Worker *worker, const Participant *participant, bool offers)
{
        _cleanup_free_ Remote *remote = calloc(1, sizeof(*remote));
        PeerOptions options = {
                .participant = participant,
                .offers = offers,
                .session = worker->options.session,
                .speaker = worker->speaker,
                .ice_servers = worker->ice_servers,
                .n_ice_servers = worker->n_ice_servers,
                .sound = worker->has_speaker ? worker->sound : NULL,
                .voice = worker->voice,
                .events = &peer_events,
                .userdata = worker,
        };
        int r = remote ? peer_new(&options, &remote->peer) : -ENOMEM;

        if (r < 0) {
                tell_fault(worker, CALL_ERROR_MEDIA_FAILED,
                           "the connection to a participant could not be set up");
                return;
        }
        DL_APPEND(worker->remotes, remote);
        tell_participant(worker, remote->peer);
        TAKE_PTR(remote);
}

/* ---- sound ---- */

static void on_sound_fault(void *userdata, CallError error, const char *text)
{
        tell_fault(userdata, error, text);
}

/* Before the join as well: then it is known what devices there are. */
static void connect_sound(Worker *worker)
{
        if (worker->options.echo || worker->sound)
                return;
        sound_new(on_sound_fault, worker, &worker->sound);
}

static void on_frame(void *userdata, const int16_t *samples)
{
        voice_frame(((Worker *)userdata)->voice, samples);
}

/* Whether there is any device to use; a chosen one that is not there gives way to the default. */
static bool check_device(Worker *worker, SoundDirection direction, char *name, const char *what)
{
        char sentence[MESSAGE_TEXT_MAX + 1];

        bool any = sound_has_device(worker->sound, direction, "");

        if (any && sound_has_device(worker->sound, direction, name))
                return true;
        if (!any) {
                snprintf(sentence, sizeof(sentence), "there is no %s", what);
        } else {
                char shown[128];

                snprintf(sentence, sizeof(sentence),
                         "there is no %s named '%s'; the default one is used", what,
                         str_printable(shown, sizeof(shown), name));
                name[0] = '\0';
        }
        tell_fault(worker, CALL_ERROR_DEVICE_NOT_FOUND, sentence);
        return any;
}

/* No microphone, no speaker, no PipeWire: each is told, none keeps the call from connecting. */
static void open_sound(Worker *worker)
{
        char node[NODE_NAME_MAX + 1];

        if (worker->options.echo)
                return;
        connect_sound(worker);
        worker->has_speaker = false;
        if (!worker->sound) {
                tell_fault(worker, CALL_ERROR_MEDIA_FAILED,
                           "PipeWire cannot be reached: nothing can be heard or said");
                return;
        }
        worker->has_speaker = check_device(worker, SOUND_SPEAKER, worker->speaker, "speaker");
        if (!check_device(worker, SOUND_MICROPHONE, worker->microphone, "microphone"))
                return;
        snprintf(node, sizeof(node), "tring.%s.capture", worker->options.session);
        if (capture_new(worker->sound, node, worker->title, worker->microphone, on_frame, worker,
                        &worker->capture) < 0)
                tell_fault(worker, CALL_ERROR_MEDIA_FAILED, "the microphone could not be opened");
}

/* ---- what tringd says ---- */

static void leave(Worker *worker)
{
        Remote *remote, *next;

        worker->capture = capture_free(worker->capture);
        DL_FOREACH_SAFE (worker->remotes, remote, next)
                remote_free(worker, remote);
        worker->voice = voice_free(worker->voice);
        if (worker->sound && sound_is_broken(worker->sound))
                worker->sound = sound_free(worker->sound);
        free(worker->ice_servers);
        worker->ice_servers = NULL;
        worker->n_ice_servers = 0;
        worker->own_id[0] = '\0';
}

static int remember_join(Worker *worker, const WorkerJoin *join)
{
        size_t n = join->reply.n_ice_servers;

        if (n > 0) {
                worker->ice_servers = calloc(n, sizeof(*worker->ice_servers));
                if (!worker->ice_servers)
                        return -ENOMEM;
                memcpy(worker->ice_servers, join->reply.ice_servers,
                       n * sizeof(*worker->ice_servers));
        }
        worker->n_ice_servers = n;
        STR_SET(worker->own_id, join->reply.participant);
        STR_SET(worker->title, str_empty(join->title) ? worker->options.title : join->title);
        STR_SET(worker->microphone, join->devices.microphone);
        STR_SET(worker->speaker, join->devices.speaker);
        return 0;
}

static void join(Worker *worker, const WorkerJoin *join)
{
        leave(worker);
        worker->state = SESSION_IDLE;
        set_state(worker, SESSION_JOINING);
        if (remember_join(worker, join) < 0 ||
            (!worker->options.echo && voice_new(&worker->voice) < 0)) {
                tell_fault(worker, CALL_ERROR_MEDIA_FAILED, "out of memory");
                set_state(worker, SESSION_FAILED);
                return;
        }
        if (worker->voice)
                voice_set_muted(worker->voice, join->muted);
        open_sound(worker);
        for (size_t i = 0; i < join->reply.n_others; i++)
                add_peer(worker, &join->reply.others[i], true);
        if (join->reply.n_others > 0 && !worker->remotes)
                set_state(worker, SESSION_FAILED);
        else
                conclude_state(worker);
}

static void participant_joined(Worker *worker, const Participant *participant)
{
        Remote *remote = find_remote(worker, participant->id);

        if (str_empty(worker->own_id))
                return;
        if (remote)
                remote_free(worker, remote);
        add_peer(worker, participant, false);
        conclude_state(worker);
}

static void participant_left(Worker *worker, const Participant *participant)
{
        Remote *remote = find_remote(worker, participant->id);

        if (!remote)
                return;
        remote_free(worker, remote);
        conclude_state(worker);
}

static void signal_in(Worker *worker, const MessageSignal *message)
{
        Remote *remote = find_remote(worker, message->peer);
        char text[MESSAGE_TEXT_MAX + 1];
        MediaSignal signal;
        int r;

        /* To one that has left it may still come. */
        if (!remote)
                return;
        r = media_signal_decode(message->data, &signal, text);
        if (r < 0) {
                on_peer_fault(worker, remote->peer, r == -ENOMEM ? "out of memory" : text);
                return;
        }
        peer_signal(remote->peer, &signal);
        media_signal_done(&signal);
}

static void request_stats(Worker *worker, uint64_t serial)
{
        Remote *remote;
        size_t n = 0;

        if (worker->stats_missing > 0)
                send_stats(worker);
        DL_COUNT(worker->remotes, remote, n);
        worker->stats_serial = serial;
        if (n > 0)
                worker->stats.participants = calloc(n, sizeof(*worker->stats.participants));
        if (!worker->stats.participants) {
                send_stats(worker);
                return;
        }
        worker->stats_missing = n;
        DL_FOREACH (worker->remotes, remote)
                peer_request_stats(remote->peer);
}

static void on_message(void *userdata, const WorkerMessage *message)
{
        Worker *worker = userdata;

        switch (message->type) {
        case WORKER_JOIN:
                join(worker, &message->join);
                break;
        case WORKER_PARTICIPANT_JOINED:
                participant_joined(worker, &message->participant);
                break;
        case WORKER_PARTICIPANT_LEFT:
                participant_left(worker, &message->participant);
                break;
        case WORKER_SIGNAL_IN:
                signal_in(worker, &message->signal);
                break;
        case WORKER_MUTE:
                if (worker->voice)
                        voice_set_muted(worker->voice, message->on);
                break;
        case WORKER_LEAVE:
                leave(worker);
                set_state(worker, SESSION_LEFT);
                break;
        case WORKER_STATS_REQUEST:
                request_stats(worker, message->serial);
                break;
        case WORKER_QUIT:
                g_main_loop_quit(worker->loop);
                break;
        default:
                tell_fault(worker, CALL_ERROR_INVALID_ARGUMENT,
                           "that is for a worker to say, not to be told");
        }
}

/* ---- the line, and the end ---- */

static gboolean on_orphaned(void *userdata)
{
        Worker *worker = userdata;

        log_fields(LOG_NOTICE, "nobody adopted this worker", "SESSION_ID=%s",
                   worker->options.session, NULL);
        worker->orphan_timer = 0;
        g_main_loop_quit(worker->loop);
        return G_SOURCE_REMOVE;
}

static void on_gone(void *userdata)
{
        Worker *worker = userdata;

        worker->orphan_timer = g_timeout_add_seconds(WORKER_ORPHAN_S, on_orphaned, worker);
}

static void on_connected(void *userdata)
{
        Worker *worker = userdata;
        Remote *remote;

        if (worker->orphan_timer)
                g_source_remove(worker->orphan_timer);
        worker->orphan_timer = 0;
        link_send(worker->link, &(WorkerMessage){.type = WORKER_STATE, .state = worker->state});
        DL_FOREACH (worker->remotes, remote)
                tell_participant(worker, remote->peer);
}

static const LinkEvents link_events = {
        .connected = on_connected,
        .message = on_message,
        .gone = on_gone,
};

static gboolean on_terminate(void *userdata)
{
        g_main_loop_quit(userdata);
        return G_SOURCE_CONTINUE;
}

int worker_run(const WorkerOptions *options)
{
        Worker worker = {.options = *options, .state = SESSION_IDLE};
        int r = warm_up();

        if (r < 0)
                return r;
        r = link_new(options->listen_fd, &link_events, &worker, &worker.link);
        if (r < 0)
                return r;
        worker.loop = g_main_loop_new(NULL, FALSE);
        g_unix_signal_add(SIGTERM, on_terminate, worker.loop);
        g_unix_signal_add(SIGINT, on_terminate, worker.loop);
        on_gone(&worker);
        connect_sound(&worker);
        g_main_loop_run(worker.loop);
        leave(&worker);
        worker.sound = sound_free(worker.sound);
        worker.link = link_free(worker.link);
        g_main_loop_unref(worker.loop);
        return 0;
}
