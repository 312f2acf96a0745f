/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/workers.h"

#include <errno.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/log.h"
#include "loop/worker-log.h"
#include "loop/worker-orders.h"
#include "loop/worker-process.h"
#include "loop/worker-watch.h"
#include "tringd/pipewire-sockets.h"
#include "tringd/realtime.h"
#include "tringd/stats-queue.h"

#define SENTENCE_MAX 160
#define START_ACCURACY_US (1 * USEC_PER_MSEC)

typedef struct Worker {
        char session_id[UUID_LENGTH + 1];
        Workers *workers;
        WorkerProcess *process; /* NULL: not started yet, or the start failed */
        WorkerOrders *orders;   /* likewise */
        StatsQueue *stats;
        WorkerLog log;
        WorkerWatch *watch; /* NULL: not started yet */
        PipeWireSockets pipewire;
        Realtime *realtime;      /* NULL: not asked for */
        bool is_greedy;          /* it has wanted too many of them; logged */
        sd_event_source *start;  /* starts it after a delay */
        sd_event_source *failed; /* reports from the loop that it could not be started */
        sd_event_source *old;    /* answers the phone for a worker that does not know how to */
        uint64_t asked;          /* serial of the last question */
        bool answers;            /* it has answered a question */
        bool is_old;             /* it does not know questions */
        bool is_cut;             /* it gets no connection to PipeWire before it answers */
        const char *fault;       /* for which it is ended here; NULL: it ended by itself */
        int error;
        bool stopping;
        UT_hash_handle hh;
} Worker;

struct Workers {
        sd_event *event;
        const char *program, *folder;
        const WorkersEvents *events;
        void *userdata;
        Worker *by_session;
};

static Worker *worker_free(Worker *worker, bool leave_it_running)
{
        if (!worker)
                return NULL;
        worker_orders_free(worker->orders);
        if (leave_it_running) {
                worker_process_detach(worker->process);
        } else {
                /* Its microphone is closed even if it cannot be killed. */
                pipewire_sockets_cut(&worker->pipewire);
                worker_process_free(worker->process);
        }
        stats_queue_free(worker->stats);
        worker_watch_free(worker->watch);
        worker_log_done(&worker->log, worker->session_id);
        pipewire_sockets_done(&worker->pipewire);
        realtime_free(worker->realtime);
        sd_event_source_disable_unref(worker->old);
        sd_event_source_disable_unref(worker->start);
        sd_event_source_disable_unref(worker->failed);
        free(worker);
        return NULL;
}

int workers_new(sd_event *event, const char *program, const char *folder,
                const WorkersEvents *events, void *userdata, Workers **ret)
{
        Workers *workers = calloc(1, sizeof(*workers));

        if (!workers)
                return -ENOMEM;
        *workers = (Workers){.event = sd_event_ref(event),
                             .program = program,
                             .folder = folder,
                             .events = events,
                             .userdata = userdata};
        *ret = workers;
        return 0;
}

Workers *workers_free(Workers *workers)
{
        Worker *worker, *next;

        if (!workers)
                return NULL;
        HASH_ITER (hh, workers->by_session, worker, next) {
                HASH_DEL(workers->by_session, worker);
                worker_free(worker, true);
        }
        sd_event_unref(workers->event);
        free(workers);
        return NULL;
}

static Worker *find_worker(Workers *workers, const char *session_id)
{
        Worker *worker;

        HASH_FIND_STR(workers->by_session, session_id, worker);
        return worker;
}

static void on_gone(void *userdata, const char *reason, bool may_run)
{
        Worker *worker = userdata;
        Workers *workers = worker->workers;
        char session_id[UUID_LENGTH + 1], text[SENTENCE_MAX];
        bool expected = worker->stopping;

        memcpy(session_id, worker->session_id, sizeof(session_id));
        if (worker->fault)
                snprintf(text, sizeof(text), "the media worker %s, %s", worker->fault,
                         may_run ? reason : "and was killed");
        else
                snprintf(text, sizeof(text), "the media worker %s", reason);
        HASH_DEL(workers->by_session, worker);
        worker_free(worker, false);
        if (expected)
                return;
        log_fields(LOG_WARNING, text, "SESSION_ID=%s", session_id, NULL);
        workers->events->gone(workers->userdata, session_id, text, may_run);
}

static int send_with(Worker *worker, const WorkerMessage *message, int descriptor);

static void report(Worker *worker, const WorkerMessage *message)
{
        worker->workers->events->message(worker->workers->userdata, worker->session_id, message);
}

/* ---- questions ---- */

/*
 * A worker of an earlier version refuses questions. What it is ordered is then taken for done, as
 * it was in its time.
 */
static int on_old(sd_event_source *source, void *userdata)
{
        Worker *worker = userdata;

        report(worker, &(WorkerMessage){.type = WORKER_PONG, .serial = worker->asked});
        return 0;
}

static void ask(Worker *worker, uint64_t serial)
{
        const WorkerMessage ping = {.type = WORKER_PING, .serial = serial};

        worker->asked = MAX_OF(worker->asked, serial);
        if (worker->is_old)
                (void)sd_event_source_set_enabled(worker->old, SD_EVENT_ONESHOT);
        else
                (void)send_with(worker, &ping, -1);
}

/* Once what was asked last is in force, it still is: the same question is a sign of life, too. */
static void on_quiet(void *userdata)
{
        Worker *worker = userdata;

        if (!worker->is_old)
                ask(worker, worker->asked);
}

static void kill_for(Worker *worker, const char *fault)
{
        char text[SENTENCE_MAX];

        if (!worker->process) /* `failed` reports it */
                return;
        worker->fault = fault;
        snprintf(text, sizeof(text), "the media worker %s: it is killed", fault);
        log_fields(LOG_ERR, text, "SESSION_ID=%s", worker->session_id, NULL);
        (void)worker_process_kill(worker->process);
}

static void kill_silent(Worker *worker)
{
        kill_for(worker, "did not answer");
}

static void log_unsent(const Worker *worker, int r)
{
        log_fields(LOG_WARNING, "cannot send to the media worker", "SESSION_ID=%s",
                   worker->session_id, "WHY=%s", strerror(-r), NULL);
}

/*
 * To lose an order that protects, and then to take the answer to a later question for its
 * confirmation, would leave somebody heard. One for which there is no room has long read nothing.
 */
static void on_unsent(void *userdata, int r)
{
        log_unsent(userdata, r);
        kill_for(userdata, r == -ENOBUFS ? "did not answer" : "could not be given an order");
}

static void on_dead(void *userdata)
{
        Worker *worker = userdata;

        if (!worker->is_old)
                kill_silent(worker);
}

static const WorkerWatchEvents watch_events = {.ask = on_quiet, .dead = on_dead};

/* The first question also shows whether the worker knows questions. */
static int watch(Worker *worker)
{
        sd_event *event = worker->workers->event;
        int r = worker_orders_new(event, worker->process, on_unsent, worker, &worker->orders);

        if (r >= 0)
                r = worker_watch_new(event, &watch_events, worker, &worker->watch);
        if (r < 0) {
                worker->orders = worker_orders_free(worker->orders);
                worker->process = worker_process_free(worker->process);
                return r;
        }
        ask(worker, PING_OF_ADAPTER);
        return 0;
}

/* ---- messages ---- */

static void hand_pipewire(Worker *worker)
{
        const WorkerMessage message = {.type = WORKER_PIPEWIRE};
        int fd = -1, r = 0;

        if (!worker->is_cut)
                r = pipewire_sockets_open(&worker->pipewire, &fd);

        if (r == -ENOBUFS && !worker->is_greedy)
                log_fields(LOG_WARNING, "a media worker wants too many connections to PipeWire",
                           "SESSION_ID=%s", worker->session_id, NULL);
        worker->is_greedy |= r == -ENOBUFS;
        (void)send_with(worker, &message, fd);
}

static void give_real_time(Worker *worker, uint32_t thread)
{
        pid_t process = worker->process ? worker_process_pid(worker->process) : 0;

        if (process > 0 && !worker->realtime)
                (void)realtime_new(worker->workers->event, process, worker->session_id,
                                   &worker->realtime);
        if (worker->realtime)
                realtime_give(worker->realtime, thread);
}

/* Returns whether it is no business of the phone. */
static bool take_answer(Worker *worker, const WorkerMessage *message)
{
        bool refuses = message->type == WORKER_ERROR &&
                       message->error == CALL_ERROR_INVALID_ARGUMENT && !worker->answers;

        if (message->type == WORKER_PONG) {
                worker->answers = true;
                worker->is_cut &= message->serial != worker->asked;
        }
        if (!refuses || worker->is_old)
                return refuses;
        worker->is_old = true;
        log_fields(LOG_NOTICE, "the media worker is of an earlier version", "SESSION_ID=%s",
                   worker->session_id, NULL);
        ask(worker, worker->asked);
        return true;
}

static void take_message(Worker *worker, const WorkerMessage *message)
{
        if (take_answer(worker, message))
                return;
        if (message->type == WORKER_STATS)
                stats_queue_answer(worker->stats, message->serial, &message->stats);
        else if (message->type == WORKER_PIPEWIRE_WANTED)
                hand_pipewire(worker);
        else if (message->type == WORKER_LOG)
                worker_log_write(&worker->log, worker->session_id, &message->line);
        else if (message->type == WORKER_REALTIME_WANTED)
                give_real_time(worker, message->thread);
        else
                report(worker, message);
}

static void on_message(void *userdata, const char *text, size_t length)
{
        Worker *worker = userdata;
        _cleanup_(worker_message_done) WorkerMessage message = {};
        char complaint[MESSAGE_TEXT_MAX + 1];
        int r = worker_decode(text, length, &message, complaint);

        if (r < 0) {
                log_fields(LOG_WARNING, "cannot read a message of the media worker",
                           "SESSION_ID=%s", worker->session_id, "WHY=%s",
                           r == -EBADMSG ? complaint : strerror(-r), NULL);
                return;
        }
        worker_watch_heard(worker->watch);
        if (!worker->stopping)
                take_message(worker, &message);
}

static const WorkerProcessEvents process_events = {.message = on_message, .gone = on_gone};

static int socket_path(const Workers *workers, const char *session_id, char **ret)
{
        if (!workers->folder)
                return -ENOTDIR;
        *ret = str_printf("%s/%s.worker", workers->folder, session_id);
        return *ret ? 0 : -ENOMEM;
}

static int spawn(Worker *worker)
{
        Workers *workers = worker->workers;
        _cleanup_free_ char *path = NULL;
        int pipewire = -1;
        const char *const arguments[] = {
                /* Other users see these words: the title comes with the join. */
                workers->program, "worker", "--session", worker->session_id, NULL};
        int r = socket_path(workers, worker->session_id, &path);

        if (r < 0)
                return r;
        (void)pipewire_sockets_open(&worker->pipewire, &pipewire);
        const WorkerProcessOptions options = {
                .program = workers->program,
                .arguments = arguments,
                .socket_path = path,
                .second_fd = pipewire,
                .fd_names = pipewire < 0 ? WORKER_FD_NAMES : WORKER_FD_NAMES_PIPEWIRE,
        };
        r = worker_process_spawn(workers->event, &options, &process_events, worker,
                                 &worker->process);
        return r < 0 ? r : watch(worker);
}

static int adopt(Worker *worker)
{
        _cleanup_free_ char *path = NULL;
        int r = socket_path(worker->workers, worker->session_id, &path);

        if (r < 0)
                return r;
        r = worker_process_adopt(worker->workers->event, path, &process_events, worker,
                                 &worker->process);
        return r < 0 ? r : watch(worker);
}

static int on_failed(sd_event_source *source, void *userdata)
{
        Worker *worker = userdata;
        char reason[SENTENCE_MAX];
        bool may_run = worker->error == -EBUSY;

        snprintf(reason, sizeof(reason), "cannot be started: %s",
                 may_run ? "an earlier one hangs, and cannot be killed: its process is not known"
                         : strerror(-worker->error));
        on_gone(worker, reason, may_run);
        return 0;
}

static int add_worker(Workers *workers, const char *session_id, Worker **ret)
{
        Worker *worker = calloc(1, sizeof(*worker));

        if (!worker)
                return -ENOMEM;
        worker->workers = workers;
        memcpy(worker->session_id, session_id, sizeof(worker->session_id));
        int r = stats_queue_new(workers->event, &worker->stats);
        /* Prepare the report of a failure before anything can fail. */
        if (r >= 0)
                r = sd_event_add_defer(workers->event, &worker->failed, on_failed, worker);
        if (r >= 0)
                r = sd_event_source_set_enabled(worker->failed, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_defer(workers->event, &worker->old, on_old, worker);
        if (r >= 0)
                r = sd_event_source_set_enabled(worker->old, SD_EVENT_OFF);
        if (r >= 0) {
                HASH_ADD_STR(workers->by_session, session_id, worker);
                r = worker->hh.tbl ? 0 : -ENOMEM;
        }
        if (r < 0) {
                worker_free(worker, false);
                return r;
        }
        *ret = worker;
        return 0;
}

static void drop_worker(Worker *worker)
{
        HASH_DEL(worker->workers->by_session, worker);
        worker_free(worker, false);
}

/* Drops a stopped worker that is still ending, so that its successor need not wait. */
static void drop_stopping(Workers *workers, const char *session_id)
{
        Worker *worker = find_worker(workers, session_id);

        if (worker && worker->stopping)
                drop_worker(worker);
}

bool workers_adopt(Workers *workers, const char *session_id)
{
        Worker *worker;

        if (find_worker(workers, session_id))
                return true;
        if (add_worker(workers, session_id, &worker) < 0)
                return false;
        if (adopt(worker) < 0) {
                drop_worker(worker);
                return false;
        }
        log_fields(LOG_INFO, "media worker adopted", "SESSION_ID=%s", session_id, NULL);
        return true;
}

static void start_now(Worker *worker)
{
        worker->start = sd_event_source_disable_unref(worker->start);
        worker->error = adopt(worker);
        /* Never beside one that runs: its files would be lost, and with them the way to end it. */
        if (worker->error == -ENOENT || worker->error == -ECONNREFUSED)
                worker->error = spawn(worker);
        if (worker->error < 0)
                (void)sd_event_source_set_enabled(worker->failed, SD_EVENT_ONESHOT);
}

static int on_start(sd_event_source *source, uint64_t usec, void *userdata)
{
        start_now(userdata);
        return 0;
}

void workers_start(Workers *workers, const char *session_id)
{
        Worker *worker;

        drop_stopping(workers, session_id);
        if (find_worker(workers, session_id))
                return;
        int r = add_worker(workers, session_id, &worker);
        if (r < 0) {
                char text[SENTENCE_MAX];

                snprintf(text, sizeof(text), "the media worker cannot be started: %s",
                         strerror(-r));
                log_fields(LOG_ERR, text, "SESSION_ID=%s", session_id, NULL);
                workers->events->gone(workers->userdata, session_id, text, false);
                return;
        }
        r = sd_event_add_time_relative(workers->event, &worker->start, CLOCK_MONOTONIC,
                                       WORKER_START_DELAY_US, START_ACCURACY_US, on_start, worker);
        if (r < 0)
                start_now(worker);
}

static int send_with(Worker *worker, const WorkerMessage *message, int descriptor)
{
        if (worker->start)
                start_now(worker);
        return worker->process ? worker_orders_send(worker->orders, message, descriptor)
                               : -ENOTCONN;
}

void workers_send(Workers *workers, const char *session_id, const WorkerMessage *message)
{
        Worker *worker = find_worker(workers, session_id);

        if (!worker || worker->stopping)
                return;
        int r = send_with(worker, message, -1);
        if (r >= 0 || r == -ENOTCONN)
                return;
        if (message->type == WORKER_SIGNAL_IN)
                log_unsent(worker, r);
        else
                on_unsent(worker, r);
}

void workers_send_all(Workers *workers, const WorkerMessage *message)
{
        Worker *worker, *next;

        HASH_ITER (hh, workers->by_session, worker, next)
                workers_send(workers, worker->session_id, message);
}

int workers_send_with(Workers *workers, const char *session_id, const WorkerMessage *message,
                      int descriptor)
{
        Worker *worker = find_worker(workers, session_id);

        return worker && !worker->stopping ? send_with(worker, message, descriptor) : -ENOTCONN;
}

void workers_stop(Workers *workers, const char *session_id)
{
        Worker *worker = find_worker(workers, session_id);
        const WorkerMessage quit = {.type = WORKER_QUIT};

        if (!worker || worker->stopping)
                return;
        worker->stopping = true;
        /* After hanging up nobody is heard, whatever the worker does. */
        pipewire_sockets_cut(&worker->pipewire);
        if (worker->start || !worker->process || send_with(worker, &quit, -1) < 0 ||
            worker_process_stop(worker->process) < 0)
                drop_worker(worker);
}

void workers_ask(Workers *workers, const char *session_id, uint64_t serial)
{
        Worker *worker = find_worker(workers, session_id);

        if (worker && !worker->stopping)
                ask(worker, serial);
}

int workers_cut(Workers *workers, const char *session_id)
{
        Worker *worker = find_worker(workers, session_id);

        if (!worker || worker->stopping)
                return 0;
        log_fields(LOG_ERR, "the media worker does not answer: its microphone is closed",
                   "SESSION_ID=%s", session_id, NULL);
        worker->is_cut = true;
        pipewire_sockets_cut(&worker->pipewire);
        /*
         * The connections of one that was adopted are not known here, nor those of one that may
         * have opened its own.
         */
        if (!worker->process || (!worker_process_is_adopted(worker->process) && worker->answers))
                return 0;
        kill_silent(worker);
        return -EINPROGRESS;
}

void workers_kill(Workers *workers, const char *session_id)
{
        Worker *worker = find_worker(workers, session_id);

        if (worker && !worker->stopping)
                kill_silent(worker);
}

int workers_stats(Workers *workers, const char *session_id, sd_bus_message *message)
{
        Worker *worker = find_worker(workers, session_id);
        WorkerMessage request = {.type = WORKER_STATS_REQUEST};

        if (!worker || worker->stopping)
                return -ENOENT;
        int r = stats_queue_hold(worker->stats, message, &request.serial);
        if (r < 0)
                return r;
        r = send_with(worker, &request, -1);
        if (r < 0) {
                stats_queue_drop(worker->stats, request.serial);
                return r == -ENOTCONN ? -ENOENT : r;
        }
        return 0;
}
