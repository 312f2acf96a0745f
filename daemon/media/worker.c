/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/worker.h"

#include <errno.h>
#include <glib-unix.h>
#include <sched.h>
#include <signal.h>

#include "base/array.h"
#include "base/log.h"
#include "media/call-audio.h"
#include "media/control.h"
#include "media/mesh.h"
#include "media/preload.h"
#include "media/watchdog.h"

typedef struct Worker {
        WorkerOptions options;
        GMainLoop *loop;
        Control *control;
        guint orphan_timer;
        SessionState state;
        WorkerMedia media; /* owned: `audio` until the end, the rest from join to leave */
        Mesh *mesh;        /* NULL: not joined */
        PipeWireSource pipewire;
        int screen; /* owned: the remote of a screen that waits for PipeWire; -1: none */
        uint32_t screen_node;
        char title[2 * NAME_MAX_BYTES], camera[NODE_NAME_MAX + 1];
} Worker;

static void report_fault(void *userdata, CallError error, const char *text)
{
        Worker *worker = userdata;
        WorkerMessage message = {.type = WORKER_ERROR, .error = error};

        log_fields(LOG_WARNING, text, "SESSION_ID=%s", worker->options.session, NULL);
        str_printable(message.text, sizeof(message.text), text);
        control_send(worker->control, &message);
}

static void set_state(Worker *worker, SessionState state)
{
        if (worker->state == state)
                return;
        worker->state = state;
        log_fields(LOG_INFO, "media state", "SESSION_ID=%s", worker->options.session, "STATE=%s",
                   session_state_to_string(state), NULL);
        control_send(worker->control, &(WorkerMessage){.type = WORKER_STATE, .state = state});
}

static void send_switch(Worker *worker, WorkerMessageType type, bool on)
{
        control_send(worker->control, &(WorkerMessage){.type = type, .on = on});
}

static void on_microphone(void *userdata, bool there)
{
        send_switch(userdata, WORKER_MICROPHONE, there);
}

static const CallAudioEvents audio_events = {
        .fault = report_fault,
        .microphone = on_microphone,
};

static void update_state(void *userdata)
{
        Worker *worker = userdata;

        if (worker->mesh)
                set_state(worker, mesh_state(worker->mesh, worker->state));
}

static void on_mesh_message(void *userdata, const WorkerMessage *message)
{
        Worker *worker = userdata;

        control_send(worker->control, message);
}

static const MeshEvents mesh_events = {
        .message = on_mesh_message,
        .fault = report_fault,
        .changed = update_state,
};

/* ---- pictures ---- */

static void on_screen_ended(void *userdata)
{
        send_switch(userdata, WORKER_SCREEN, false);
}

static const VideoEvents video_events = {
        .fault = report_fault,
        .screen_ended = on_screen_ended,
};

static void pause_video(Worker *worker, bool on)
{
        Video *video = worker->media.video;

        if (video && on)
                video_stop(video);
        else if (video) {
                video_start(video, worker->camera, worker->title);
                mesh_want_video(worker->mesh);
        }
}

static void drop_screen(Worker *worker)
{
        closep(&worker->screen);
        worker->screen = -1;
}

static void start_screen(Worker *worker)
{
        char text[MESSAGE_TEXT_MAX + 1];
        int r;

        if (!worker->media.video || worker->screen < 0) {
                drop_screen(worker);
                report_fault(worker, CALL_ERROR_INVALID_TRANSITION,
                             "cannot share the screen: the call's media are not joined");
                return;
        }
        if (video_connect(worker->media.video) == -EAGAIN)
                return; /* again when the connection has come */
        r = video_share_screen(worker->media.video, TAKE_FD(worker->screen), worker->screen_node,
                               worker->title);
        if (r < 0) {
                snprintf(text, sizeof(text), "cannot share the screen: %s", strerror(-r));
                report_fault(worker, CALL_ERROR_MEDIA_FAILED, text);
                on_screen_ended(worker);
                return;
        }
        mesh_want_video(worker->mesh);
        send_switch(worker, WORKER_SCREEN, true);
}

static void stop_screen(Worker *worker)
{
        if (worker->screen >= 0) {
                drop_screen(worker);
                on_screen_ended(worker);
        }
        if (!worker->media.video || !video_shares_screen(worker->media.video))
                return;
        video_stop_screen(worker->media.video);
        on_screen_ended(worker);
}

/* ---- the log ---- */

/* A line with "NAME=value" fields. Returns whether it is on its way. */
static bool send_line(void *userdata, int level, const char *text, char (*fields)[LOG_LINE_MAX],
                      size_t n)
{
        Worker *worker = userdata;
        _cleanup_(worker_message_done)
                WorkerMessage message = {.type = WORKER_LOG, .line.level = (uint32_t)level};
        int r = 0;

        /* The connection is the main loop's. */
        if (!g_main_context_is_owner(NULL) || !worker->control ||
            !control_is_connected(worker->control))
                return false;
        str_printable(message.line.text, sizeof(message.line.text), text);
        for (size_t i = 0; i < n && r == 0; i++) {
                char *value = strchr(fields[i], '=');
                _cleanup_free_ char *name = strndup(fields[i], (size_t)(value - fields[i]));

                r = name ? metadata_add(&message.line.fields, name, value + 1) : -ENOMEM;
        }
        return r == 0 && control_send(worker->control, &message);
}

/* ---- PipeWire ---- */

static bool ask_for_pipewire(void *userdata)
{
        Worker *worker = userdata;

        if (!control_is_connected(worker->control))
                return false;
        control_send(worker->control, &(WorkerMessage){.type = WORKER_PIPEWIRE_WANTED});
        return true;
}

/* For those that have not got it, from this tringd or from an earlier one. */
static void ask_for_real_time(void *userdata)
{
        Worker *worker = userdata;
        const PipeWireSource *source = &worker->pipewire;

        for (size_t i = 0; i < source->n_threads; i++)
                if (sched_getscheduler(source->threads[i]) == SCHED_OTHER)
                        control_send(worker->control,
                                     &(WorkerMessage){.type = WORKER_REALTIME_WANTED,
                                                      .thread = (uint32_t)source->threads[i]});
}

static void take_pipewire(Worker *worker)
{
        const WorkerMedia *media = &worker->media;
        int fd = control_take_descriptor(worker->control);

        pipewire_source_give(&worker->pipewire, fd);
        /* Without one, sound and pictures try again later. */
        if (fd >= 0 && media->audio)
                call_audio_connect(media->audio);
        if (worker->screen >= 0)
                start_screen(worker);
        else if (fd >= 0 && media->video)
                video_connection_came(media->video);
}

/* ---- messages from tringd ---- */

static void leave(Worker *worker)
{
        WorkerMedia *media = &worker->media;

        if (media->audio)
                call_audio_leave(media->audio);
        drop_screen(worker);
        worker->mesh = mesh_free(worker->mesh);
        audio_sender_free(media->sender);
        video_free(media->video);
        free(media->ice_servers);
        *media = (WorkerMedia){.session = worker->options.session, .audio = media->audio};
}

static int open_media(Worker *worker, const WorkerJoin *join)
{
        WorkerMedia *media = &worker->media;
        size_t n = join->reply.n_ice_servers;
        int r = ARRAY_COPY(&media->ice_servers, join->reply.ice_servers, n);

        if (r < 0)
                return r;
        media->n_ice_servers = n;
        media->relay_only = join->relay_only;
        media->with_video = join->video;
        STR_SET(worker->title, str_empty(join->title) ? worker->options.title : join->title);
        STR_SET(worker->camera, join->devices.camera);
        if (!worker->options.echo) {
                r = audio_sender_new(&media->sender);
                if (r == 0)
                        r = video_new(media->session, &worker->pipewire, &video_events, worker,
                                      &media->video);
                if (r < 0)
                        return r;
                audio_sender_set_muted(media->sender, join->muted);
                call_audio_join(media->audio, &join->devices, worker->title, media->sender);
        }
        return mesh_new(media, &mesh_events, worker, &worker->mesh);
}

static void fail_join(Worker *worker, CallError error, const char *text)
{
        leave(worker);
        report_fault(worker, error, text);
        set_state(worker, SESSION_FAILED);
}

static bool may_verify(const WorkerJoin *join, const char *participant_id)
{
        for (size_t i = 0; i < join->n_unverified; i++) {
                if (str_eq(join->unverified[i].id, participant_id))
                        return false;
        }
        return true;
}

static void join(Worker *worker, const WorkerJoin *join)
{
        char text[MESSAGE_TEXT_MAX + 1];
        size_t n_added = 0;

        leave(worker);
        worker->state = SESSION_IDLE;
        set_state(worker, SESSION_JOINING);
        if (!str_empty(join->reply.mode) && !str_eq(join->reply.mode, MEDIA_MODE_MESH)) {
                snprintf(text, sizeof(text),
                         "the hub asks for media mode '%s', which this version does not support",
                         join->reply.mode);
                fail_join(worker, CALL_ERROR_NOT_SUPPORTED, text);
                return;
        }
        if (open_media(worker, join) < 0) {
                fail_join(worker, CALL_ERROR_MEDIA_FAILED, "cannot join the media: out of memory");
                return;
        }
        if (worker->media.video && join->video && !join->video_paused)
                video_start(worker->media.video, worker->camera, worker->title);
        for (size_t i = 0; i < join->reply.n_others; i++)
                n_added += mesh_add(worker->mesh, &join->reply.others[i], true,
                                    may_verify(join, join->reply.others[i].id)) == 0;
        if (join->reply.n_others > 0 && n_added == 0)
                set_state(worker, SESSION_FAILED);
        else
                update_state(worker);
}

/* Connections that exist keep theirs: a TURN server takes the old credential for its lifetime. */
static void use_relays(Worker *worker, const ReplyRelays *relays)
{
        WorkerMedia *media = &worker->media;
        IceServer *servers;

        if (!worker->mesh)
                return;
        if (ARRAY_COPY(&servers, relays->ice_servers, relays->n_ice_servers) < 0) {
                log_error("cannot take new relays: out of memory");
                return;
        }
        free(media->ice_servers);
        media->ice_servers = servers;
        media->n_ice_servers = relays->n_ice_servers;
}

static void on_message(void *userdata, const WorkerMessage *message)
{
        Worker *worker = userdata;
        WorkerMedia *media = &worker->media;

        switch (message->type) {
        case WORKER_JOIN:
                join(worker, &message->join);
                break;
        case WORKER_PARTICIPANT_JOINED:
                if (worker->mesh)
                        mesh_add(worker->mesh, &message->participant, false, !message->unverified);
                update_state(worker);
                break;
        case WORKER_PARTICIPANT_LEFT:
                if (worker->mesh)
                        mesh_remove(worker->mesh, message->participant.id);
                update_state(worker);
                break;
        case WORKER_SIGNAL_IN:
                if (worker->mesh)
                        mesh_signal(worker->mesh, &message->signal);
                break;
        case WORKER_DEVICES:
                if (media->audio)
                        call_audio_change(media->audio, &message->devices);
                STR_SET(worker->camera, message->devices.camera);
                if (media->video)
                        video_set_camera(media->video, worker->camera);
                break;
        case WORKER_RELAYS:
                use_relays(worker, &message->relays);
                break;
        case WORKER_MUTE:
                if (media->sender)
                        audio_sender_set_muted(media->sender, message->on);
                break;
        case WORKER_VIDEO_PAUSE:
                pause_video(worker, message->on);
                break;
        case WORKER_SCREEN_START:
                drop_screen(worker);
                worker->screen = control_take_descriptor(worker->control);
                worker->screen_node = message->node;
                start_screen(worker);
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
                if (worker->mesh)
                        mesh_request_stats(worker->mesh, message->serial);
                else
                        control_send(worker->control, &(WorkerMessage){.type = WORKER_STATS,
                                                                       .serial = message->serial});
                break;
        case WORKER_PING:
                /* What was ordered before is in force when its function returns, also for the
                 * threads of sound and pictures, whose locks it has taken. */
                control_send(worker->control,
                             &(WorkerMessage){.type = WORKER_PONG, .serial = message->serial});
                break;
        case WORKER_PIPEWIRE:
                take_pipewire(worker);
                break;
        case WORKER_QUIT:
                g_main_loop_quit(worker->loop);
                break;
        case WORKER_STATE:
        case WORKER_SIGNAL_OUT:
        case WORKER_PARTICIPANT:
        case WORKER_SCREEN:
        case WORKER_MICROPHONE:
        case WORKER_ERROR:
        case WORKER_STATS:
        case WORKER_PONG:
        case WORKER_PIPEWIRE_WANTED:
        case WORKER_LOG:
        case WORKER_REALTIME_WANTED:
        case WORKER_NONE:
        case WORKER_MESSAGE_TYPE_COUNT:
                report_fault(worker, CALL_ERROR_INVALID_ARGUMENT,
                             "unexpected message type: only a worker sends it");
                break;
        }
}

/* ---- the connection to tringd, and the end ---- */

static gboolean on_orphaned(void *userdata)
{
        Worker *worker = userdata;

        log_fields(LOG_NOTICE, "worker ends: no tringd adopted it", "SESSION_ID=%s",
                   worker->options.session, NULL);
        worker->orphan_timer = 0;
        g_main_loop_quit(worker->loop);
        return G_SOURCE_REMOVE;
}

/* A time of ours, unless a test shortens it. */
static unsigned seconds(const char *variable, unsigned otherwise)
{
        const char *of_test = g_getenv(variable);

        return of_test ? (unsigned)strtoul(of_test, NULL, 10) : otherwise;
}

static guint orphan_s(void)
{
        return seconds("TRING_TEST_ORPHAN_S", WORKER_ORPHAN_S);
}

static void on_gone(void *userdata)
{
        Worker *worker = userdata;

        worker->orphan_timer = g_timeout_add_seconds(orphan_s(), on_orphaned, worker);
        pipewire_source_forget(&worker->pipewire);
}

static void on_connected(void *userdata)
{
        Worker *worker = userdata;
        const WorkerMedia *media = &worker->media;

        if (worker->orphan_timer)
                g_source_remove(worker->orphan_timer);
        worker->orphan_timer = 0;
        control_send(worker->control,
                     &(WorkerMessage){.type = WORKER_STATE, .state = worker->state});
        if (media->sender)
                send_switch(worker, WORKER_MUTE, audio_sender_is_muted(media->sender));
        if (media->video) {
                send_switch(worker, WORKER_VIDEO_PAUSE, !video_is_started(media->video));
                send_switch(worker, WORKER_SCREEN, video_shares_screen(media->video));
        }
        if (media->sender)
                send_switch(worker, WORKER_MICROPHONE, call_audio_has_microphone(media->audio));
        if (worker->mesh)
                mesh_report_all(worker->mesh);
        ask_for_real_time(worker);
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

/* For a test: the main loop does nothing any more, and all other threads go on. */
static gboolean on_hang(void *userdata)
{
        while (true)
                g_usleep(G_USEC_PER_SEC);
        return G_SOURCE_REMOVE;
}

/* Against a main loop that hangs. */
static void watch_loop(void)
{
        unsigned hung_s =
                seconds("TRING_TEST_WATCHDOG_S", (unsigned)(WATCHDOG_HUNG_US / USEC_PER_SEC));

        watchdog_start(hung_s * USEC_PER_SEC);
        if (g_getenv("TRING_TEST_HANG"))
                g_unix_signal_add(SIGUSR1, on_hang, NULL);
}

int worker_run(const WorkerOptions *options)
{
        Worker worker = {.options = *options,
                         .state = SESSION_IDLE,
                         .media.session = options->session,
                         .screen = -1};
        int r;

        if (control_has_help())
                log_send_to(send_line, &worker);
        r = preload();
        if (r < 0)
                return r;
        pipewire_source_init(&worker.pipewire, ask_for_pipewire, ask_for_real_time, &worker);
        r = control_new(options->listen_fd, &control_events, &worker, &worker.control);
        if (r < 0)
                return r;
        worker.loop = g_main_loop_new(NULL, FALSE);
        g_unix_signal_add(SIGTERM, on_terminate, worker.loop);
        g_unix_signal_add(SIGINT, on_terminate, worker.loop);
        on_gone(&worker);
        watch_loop();
        if (!options->echo)
                r = call_audio_new(options->session, &worker.pipewire, &audio_events, &worker,
                                   &worker.media.audio);
        if (r == 0)
                g_main_loop_run(worker.loop);
        leave(&worker);
        call_audio_free(worker.media.audio);
        pipewire_source_done(&worker.pipewire);
        worker.control = control_free(worker.control);
        g_main_loop_unref(worker.loop);
        return r;
}
