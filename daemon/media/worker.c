/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/worker.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>

#include "base/array.h"
#include "base/log.h"
#include "media/call-audio.h"
#include "media/control.h"
#include "media/mesh.h"
#include "media/preload.h"

typedef struct Worker {
        WorkerOptions options;
        GMainLoop *loop;
        Control *link;
        guint orphan_timer;
        SessionState state;

        IceServer *ice_servers; /* owned; those of the join */
        size_t n_ice_servers;
        bool relay_only;

        CallAudio *audio; /* NULL: echo */
        AudioSender *sender;
        Video *video; /* NULL: echo, or not joined */
        Mesh *mesh;   /* NULL: not joined */
        char title[2 * NAME_MAX_BYTES], camera[NODE_NAME_MAX + 1];
} Worker;

static void tell_fault(Worker *worker, CallError error, const char *text)
{
        WorkerMessage message = {.type = WORKER_ERROR, .error = error};

        log_fields(LOG_WARNING, text, "SESSION_ID=%s", worker->options.session, NULL);
        str_printable(message.text, sizeof(message.text), text);
        control_send(worker->link, &message);
}

static void set_state(Worker *worker, SessionState state)
{
        if (worker->state == state)
                return;
        worker->state = state;
        log_fields(LOG_INFO, "media state", "SESSION_ID=%s", worker->options.session, "STATE=%s",
                   session_state_to_string(state), NULL);
        control_send(worker->link, &(WorkerMessage){.type = WORKER_STATE, .state = state});
}

static void conclude_state(Worker *worker)
{
        if (worker->mesh)
                set_state(worker, mesh_state(worker->mesh, worker->state));
}

/* ---- the others ---- */

static void on_mesh_message(void *userdata, const WorkerMessage *message)
{
        Worker *worker = userdata;

        control_send(worker->link, message);
}

static void on_mesh_fault(void *userdata, CallError error, const char *text)
{
        tell_fault(userdata, error, text);
}

static void on_mesh_changed(void *userdata)
{
        conclude_state(userdata);
}

static const MeshEvents mesh_events = {
        .tell = on_mesh_message,
        .fault = on_mesh_fault,
        .changed = on_mesh_changed,
};

static int open_mesh(Worker *worker, const WorkerJoin *join)
{
        const MeshOptions options = {
                .session = worker->options.session,
                .ice_servers = worker->ice_servers,
                .n_ice_servers = worker->n_ice_servers,
                .relay_only = worker->relay_only,
                .audio = worker->audio,
                .sender = worker->sender,
                .video = worker->video,
                .with_video = join->video,
                .events = &mesh_events,
                .userdata = worker,
        };

        return mesh_new(&options, &worker->mesh);
}

static void on_sound_fault(void *userdata, CallError error, const char *text)
{
        tell_fault(userdata, error, text);
}

/* ---- pictures ---- */

static void on_screen_ended(void *userdata)
{
        Worker *worker = userdata;

        control_send(worker->link, &(WorkerMessage){.type = WORKER_SCREEN, .on = false});
}

static const VideoEvents video_events = {
        .fault = on_sound_fault,
        .screen_ended = on_screen_ended,
};

static void pause_video(Worker *worker, bool on)
{
        if (!worker->video)
                return;
        if (on) {
                video_stop(worker->video);
                return;
        }
        video_start(worker->video, worker->camera, worker->title);
        mesh_want_video(worker->mesh);
}

static void start_screen(Worker *worker, uint32_t node)
{
        int remote = control_take_descriptor(worker->link);
        int r;

        if (!worker->video || remote < 0) {
                if (remote >= 0)
                        close(remote);
                tell_fault(worker, CALL_ERROR_INVALID_TRANSITION,
                           "there is no call that a screen could be shown to");
                return;
        }
        r = video_share_screen(worker->video, remote, node, worker->title);
        if (r < 0) {
                tell_fault(worker, CALL_ERROR_MEDIA_FAILED, "the screen cannot be read");
                on_screen_ended(worker);
                return;
        }
        mesh_want_video(worker->mesh);
        control_send(worker->link, &(WorkerMessage){.type = WORKER_SCREEN, .on = true});
}

static void stop_screen(Worker *worker)
{
        if (!worker->video || !video_shares_screen(worker->video))
                return;
        video_stop_screen(worker->video);
        on_screen_ended(worker);
}

/* ---- what tringd says ---- */

static void leave(Worker *worker)
{
        if (worker->audio)
                call_audio_leave(worker->audio);
        worker->mesh = mesh_free(worker->mesh);
        worker->sender = audio_sender_free(worker->sender);
        worker->video = video_free(worker->video);
        free(worker->ice_servers);
        worker->ice_servers = NULL;
        worker->n_ice_servers = 0;
}

static int remember_join(Worker *worker, const WorkerJoin *join)
{
        size_t n = join->reply.n_ice_servers;
        int r = ARRAY_COPY(&worker->ice_servers, join->reply.ice_servers, n);

        if (r < 0)
                return r;
        worker->n_ice_servers = n;
        worker->relay_only = join->relay_only;
        STR_SET(worker->title, str_empty(join->title) ? worker->options.title : join->title);
        STR_SET(worker->camera, join->devices.camera);
        return 0;
}

static void join(Worker *worker, const WorkerJoin *join)
{
        size_t n_added = 0;
        int r;

        leave(worker);
        worker->state = SESSION_IDLE;
        set_state(worker, SESSION_JOINING);
        if (!str_empty(join->reply.mode) && !str_eq(join->reply.mode, MEDIA_MODE_MESH)) {
                tell_fault(worker, CALL_ERROR_NOT_SUPPORTED,
                           "media by anything but a mesh are not known to this worker");
                set_state(worker, SESSION_FAILED);
                return;
        }
        r = remember_join(worker, join);
        if (r == 0 && !worker->options.echo)
                r = audio_sender_new(&worker->sender);
        if (r == 0 && !worker->options.echo)
                r = video_new(worker->options.session, &video_events, worker, &worker->video);
        if (r == 0) {
                if (worker->sender)
                        audio_sender_set_muted(worker->sender, join->muted);
                if (worker->audio)
                        call_audio_join(worker->audio, &join->devices, worker->title,
                                        worker->sender);
                r = open_mesh(worker, join);
        }
        if (r < 0) {
                tell_fault(worker, CALL_ERROR_MEDIA_FAILED, "out of memory");
                set_state(worker, SESSION_FAILED);
                return;
        }
        if (worker->video && join->video && !join->video_paused)
                video_start(worker->video, worker->camera, worker->title);
        for (size_t i = 0; i < join->reply.n_others; i++)
                n_added += mesh_add(worker->mesh, &join->reply.others[i], true) == 0;
        if (join->reply.n_others > 0 && n_added == 0)
                set_state(worker, SESSION_FAILED);
        else
                conclude_state(worker);
}

static void participant_joined(Worker *worker, const Participant *participant)
{
        if (!worker->mesh)
                return;
        mesh_add(worker->mesh, participant, false);
        conclude_state(worker);
}

static void participant_left(Worker *worker, const Participant *participant)
{
        if (!worker->mesh)
                return;
        mesh_remove(worker->mesh, participant->id);
        conclude_state(worker);
}

static void request_stats(Worker *worker, uint64_t serial)
{
        if (worker->mesh)
                mesh_request_stats(worker->mesh, serial);
        else
                control_send(worker->link,
                             &(WorkerMessage){.type = WORKER_STATS, .serial = serial});
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
                if (worker->mesh)
                        mesh_signal(worker->mesh, &message->signal);
                break;
        case WORKER_DEVICES:
                if (worker->audio)
                        call_audio_change(worker->audio, &message->devices);
                STR_SET(worker->camera, message->devices.camera);
                if (worker->video)
                        video_set_camera(worker->video, worker->camera);
                break;
        case WORKER_MUTE:
                if (worker->sender)
                        audio_sender_set_muted(worker->sender, message->on);
                break;
        case WORKER_VIDEO_PAUSE:
                pause_video(worker, message->on);
                break;
        case WORKER_SCREEN_START:
                start_screen(worker, message->node);
                break;
        case WORKER_SCREEN_STOP:
                stop_screen(worker);
                break;
        case WORKER_LEAVE:
                leave(worker);
                set_state(worker, SESSION_LEFT);
                break;
        case WORKER_NETWORK_CHANGED:
                if (worker->mesh)
                        mesh_network_changed(worker->mesh);
                break;
        case WORKER_STATS_REQUEST:
                request_stats(worker, message->serial);
                break;
        case WORKER_QUIT:
                g_main_loop_quit(worker->loop);
                break;
        case WORKER_STATE:
        case WORKER_SIGNAL_OUT:
        case WORKER_PARTICIPANT:
        case WORKER_SCREEN:
        case WORKER_ERROR:
        case WORKER_STATS:
        case WORKER_NONE:
        case WORKER_MESSAGE_TYPE_COUNT:
                tell_fault(worker, CALL_ERROR_INVALID_ARGUMENT,
                           "unexpected message type: only a worker sends it");
                break;
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

/* Tests have no 30 s. */
static guint orphan_s(void)
{
        const char *of_test = g_getenv("TRING_TEST_ORPHAN_S");

        return of_test ? (guint)strtoul(of_test, NULL, 10) : WORKER_ORPHAN_S;
}

static void on_gone(void *userdata)
{
        Worker *worker = userdata;

        worker->orphan_timer = g_timeout_add_seconds(orphan_s(), on_orphaned, worker);
}

static void tell_video(Worker *worker)
{
        control_send(worker->link, &(WorkerMessage){.type = WORKER_VIDEO_PAUSE,
                                                    .on = !video_is_started(worker->video)});
        control_send(worker->link, &(WorkerMessage){.type = WORKER_SCREEN,
                                                    .on = video_shares_screen(worker->video)});
}

static void on_connected(void *userdata)
{
        Worker *worker = userdata;

        if (worker->orphan_timer)
                g_source_remove(worker->orphan_timer);
        worker->orphan_timer = 0;
        control_send(worker->link, &(WorkerMessage){.type = WORKER_STATE, .state = worker->state});
        if (worker->sender)
                control_send(worker->link,
                             &(WorkerMessage){.type = WORKER_MUTE,
                                              .on = audio_sender_is_muted(worker->sender)});
        if (worker->video)
                tell_video(worker);
        if (worker->mesh)
                mesh_tell_all(worker->mesh);
}

static const ControlEvents control_events = {
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
        int r = preload();

        if (r < 0)
                return r;
        r = control_new(options->listen_fd, &control_events, &worker, &worker.link);
        if (r < 0)
                return r;
        worker.loop = g_main_loop_new(NULL, FALSE);
        g_unix_signal_add(SIGTERM, on_terminate, worker.loop);
        g_unix_signal_add(SIGINT, on_terminate, worker.loop);
        on_gone(&worker);
        if (!options->echo)
                r = call_audio_new(options->session, on_sound_fault, &worker, &worker.audio);
        if (r == 0)
                g_main_loop_run(worker.loop);
        leave(&worker);
        worker.audio = call_audio_free(worker.audio);
        worker.link = control_free(worker.link);
        g_main_loop_unref(worker.loop);
        return r;
}
