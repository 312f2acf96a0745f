/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "echo/voices.h"

#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/log.h"
#include "loop/worker-log.h"
#include "loop/worker-orders.h"
#include "loop/worker-process.h"
#include "loop/worker-watch.h"

typedef struct Voice {
        char session_id[UUID_LENGTH + 1];
        Voices *voices;
        WorkerProcess *process;
        WorkerOrders *orders;
        WorkerWatch *watch;
        WorkerLog log;
        bool stopping;
        UT_hash_handle hh;
} Voice;

struct Voices {
        sd_event *event;
        const char *program;
        char *folder;
        const VoicesEvents *events;
        void *userdata;
        Voice *by_session;
};

int voices_new(sd_event *event, const char *program, const VoicesEvents *events, void *userdata,
               Voices **ret)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        _cleanup_(voices_freep) Voices *voices = calloc(1, sizeof(*voices));

        if (!voices)
                return -ENOMEM;
        voices->event = sd_event_ref(event);
        voices->program = program;
        voices->events = events;
        voices->userdata = userdata;
        _cleanup_free_ char *folder =
                str_printf("%s/tring-echo-XXXXXX", str_empty(runtime) ? "/tmp" : runtime);
        if (!folder)
                return -ENOMEM;
        if (!mkdtemp(folder))
                return -errno;
        voices->folder = TAKE_PTR(folder);
        *ret = TAKE_PTR(voices);
        return 0;
}

static void drop(Voice *voice)
{
        HASH_DEL(voice->voices->by_session, voice);
        worker_log_done(&voice->log, voice->session_id);
        worker_watch_free(voice->watch);
        worker_orders_free(voice->orders);
        worker_process_free(voice->process);
        free(voice);
}

Voices *voices_free(Voices *voices)
{
        Voice *voice, *next;

        if (!voices)
                return NULL;
        HASH_ITER (hh, voices->by_session, voice, next)
                drop(voice);
        if (voices->folder)
                (void)rmdir(voices->folder);
        free(voices->folder);
        sd_event_unref(voices->event);
        free(voices);
        return NULL;
}

static Voice *find(Voices *voices, const char *session_id)
{
        Voice *voice;

        HASH_FIND_STR(voices->by_session, session_id, voice);
        return voice;
}

static void on_message(void *userdata, const char *text, size_t length)
{
        Voice *voice = userdata;
        _cleanup_(worker_message_done) WorkerMessage message = {};
        char complaint[MESSAGE_TEXT_MAX + 1];
        int r = worker_decode(text, length, &message, complaint);

        if (r < 0) {
                log_fields(LOG_WARNING, "the media worker sent an invalid message", "SESSION_ID=%s",
                           voice->session_id, "WHY=%s", r == -EBADMSG ? complaint : strerror(-r),
                           NULL);
                return;
        }
        worker_watch_heard(voice->watch);
        if (message.type == WORKER_LOG)
                worker_log_write(&voice->log, voice->session_id, &message.line);
        else if (!voice->stopping)
                voice->voices->events->message(voice->voices->userdata, voice->session_id,
                                               &message);
}

static void on_gone(void *userdata, const char *reason, bool may_run)
{
        Voice *voice = userdata;
        Voices *voices = voice->voices;
        char session_id[UUID_LENGTH + 1], text[MESSAGE_TEXT_MAX + 1];
        bool expected = voice->stopping;

        (void)STR_SET(session_id, voice->session_id);
        snprintf(text, sizeof(text), "the media worker %s", reason);
        drop(voice);
        if (!expected)
                voices->events->gone(voices->userdata, session_id, text);
}

static void on_quiet(void *userdata)
{
        Voice *voice = userdata;

        (void)worker_orders_send(voice->orders, &(WorkerMessage){.type = WORKER_PING, .serial = 1},
                                 -1);
}

static void on_dead(void *userdata)
{
        Voice *voice = userdata;

        log_fields(LOG_ERR, "the media worker does not answer: it is killed", "SESSION_ID=%s",
                   voice->session_id, NULL);
        (void)worker_process_kill(voice->process);
}

/* It would stay silent, and nobody would know why. */
static void on_unsent(void *userdata, int r)
{
        Voice *voice = userdata;

        log_fields(LOG_ERR, "the media worker cannot be told to join: it is killed",
                   "SESSION_ID=%s", voice->session_id, "WHY=%s", strerror(-r), NULL);
        (void)worker_process_kill(voice->process);
}

static int spawn(Voice *voice)
{
        static const WorkerProcessEvents events = {on_message, on_gone};
        static const WorkerWatchEvents watch_events = {.ask = on_quiet, .dead = on_dead};
        Voices *voices = voice->voices;
        const char *const arguments[] = {voices->program, "worker", "--session", voice->session_id,
                                         "--title",       "Echo",   "--echo",    NULL};
        _cleanup_free_ char *path = str_printf("%s/%s", voices->folder, voice->session_id);
        const WorkerProcessOptions options = {.program = voices->program,
                                              .arguments = arguments,
                                              .socket_path = path,
                                              .fd_names = WORKER_FD_NAMES};

        if (!path)
                return -ENOMEM;
        int r = worker_watch_new(voices->event, &watch_events, voice, &voice->watch);
        if (r >= 0)
                r = worker_process_spawn(voices->event, &options, &events, voice, &voice->process);
        return r < 0 ? r
                     : worker_orders_new(voices->event, voice->process, on_unsent, voice,
                                         &voice->orders);
}

int voices_start(Voices *voices, const char *session_id)
{
        Voice *voice = find(voices, session_id);

        if (voice && voice->stopping)
                drop(voice); /* the new worker does not wait for it */
        else if (voice)
                return 0;
        voice = calloc(1, sizeof(*voice));
        if (!voice)
                return -ENOMEM;
        voice->voices = voices;
        (void)STR_SET(voice->session_id, session_id);
        HASH_ADD_STR(voices->by_session, session_id, voice);
        if (!voice->hh.tbl) {
                free(voice);
                return -ENOMEM;
        }
        int r = spawn(voice);
        if (r < 0)
                drop(voice);
        return r;
}

int voices_send(Voices *voices, const char *session_id, const WorkerMessage *message)
{
        Voice *voice = find(voices, session_id);

        if (!voice || voice->stopping)
                return -ENOENT;
        int r = worker_orders_send(voice->orders, message, -1);
        if (r < 0 && r != -ENOTCONN && message->type == WORKER_JOIN)
                on_unsent(voice, r);
        return r;
}

void voices_stop(Voices *voices, const char *session_id)
{
        Voice *voice = find(voices, session_id);

        if (!voice || voice->stopping)
                return;
        voice->stopping = true;
        if (worker_orders_send(voice->orders, &(WorkerMessage){.type = WORKER_QUIT}, -1) < 0 ||
            worker_process_stop(voice->process) < 0)
                drop(voice);
}
