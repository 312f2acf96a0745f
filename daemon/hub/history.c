/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/array.h"
#include "base/log.h"
#include "hub/internal.h"

#define PRUNE_EVERY_MS (3600 * 1000) /* at most so much of the time that it ran can be lost */
#define PRUNE_BATCH 50               /* records in a batch; takes a millisecond or two */
#define PRUNE_PAUSE_MS 20            /* pause between batches, so that calls go on */

/* The device that waits for the job's reply; NULL if it is gone. */
static DeviceSession *job_session(Hub *hub, const HubJob *job)
{
        return device_session_find(hub, job->session);
}

static void refuse_request(DeviceSession *session, const Message *message, int r)
{
        if (r == -ENOBUFS)
                hub_reply_error(session->connection, message->id, CALL_ERROR_TOO_MANY,
                                "too many requests about the history wait already; "
                                "try again when they are answered");
        else
                hub_reply_error(session->connection, message->id, CALL_ERROR_TIMEOUT,
                                "the hub is out of memory; try again later");
}

static void ask_page(Hub *hub, DeviceSession *session, const Message *message)
{
        const MessageHistory *asked = &message->history;
        char shown[CURSOR_MAX + 1];
        HistoryTask task;

        if (history_task_page(&task, session->user->uid, asked->limit, asked->cursor,
                              HISTORY_BUDGET) < 0) {
                hub_reply_error(session->connection, message->id, CALL_ERROR_INVALID_ARGUMENT,
                                "cursor \"%s\" is not the \"next\" of a page",
                                str_printable(shown, sizeof(shown), asked->cursor));
                return;
        }
        int r = hub_work_add(hub, session, message->id, &task);
        if (r < 0)
                refuse_request(session, message, r);
}

static void ask_change(Hub *hub, DeviceSession *session, const Message *message)
{
        MessageSessions sessions = message->sessions;
        HistoryTask task;
        int r = ARRAY_COPY(&sessions.session_ids, message->sessions.session_ids, sessions.count);

        if (r >= 0) {
                history_task_change(&task, message->type, session->user->uid, sessions);
                r = hub_work_add(hub, session, message->id, &task);
                history_task_done(&task);
        }
        if (r < 0)
                refuse_request(session, message, r);
}

void hub_ask_history(Hub *hub, DeviceSession *session, const Message *message)
{
        if (message->type == MESSAGE_HISTORY)
                ask_page(hub, session, message);
        else
                ask_change(hub, session, message);
}

static void job_failed(Hub *hub, const HubJob *job, int r)
{
        const DeviceSession *session = job_session(hub, job);

        log_error("cannot carry out \"%s\": %s", message_type_to_string(job->task.type),
                  strerror(-r));
        if (session)
                hub_reply_error(session->connection, job->id, CALL_ERROR_TIMEOUT,
                                "the hub cannot use the history now: %s; try again later",
                                strerror(-r));
}

static void job_reply(Hub *hub, HubJob *job)
{
        const DeviceSession *session = job_session(hub, job);
        Message reply;

        if (!session)
                return;
        message_reply_ok(&reply, job->id);
        if (job->task.type == MESSAGE_HISTORY) {
                reply.reply.kind = REPLY_HISTORY;
                reply.reply.history = job->task.page; /* borrowed */
        }
        hub_send(session->connection, &reply, 0);
}

/* To the user's other devices. */
static void tell_seen(Hub *hub, HistoryTask *task, const DeviceSession *by)
{
        for (size_t i = 0; i < task->n_changed; i++)
                hub_send_others(hub, task->uid, by,
                                &(Message){.type = MESSAGE_LOGGED, .logged = task->changed[i]}, 0);
        call_records_free(TAKE_PTR(task->changed), task->n_changed);
        task->n_changed = 0;
}

static void tell_forgotten(Hub *hub, const HistoryTask *task, const DeviceSession *by)
{
        Message message = {.type = MESSAGE_FORGOTTEN, .sessions = task->sessions};

        /* Where it failed half-way, the others learn what is gone. */
        message.sessions.count = task->n_looked_up;
        if (task->n_forgotten > 0)
                hub_send_others(hub, task->uid, by, &message, 0);
}

bool hub_history_step(Hub *hub, HubJob *job)
{
        HistoryTask *task = &job->task;
        const HistoryTime time = history_time_now();

        if (task->type == MESSAGE_HISTORY && !job_session(hub, job))
                return false;
        (void)hub_flush(hub); /* calls that have just ended belong to the history */
        int r = history_task_step(task, hub_database_history(hub->database), &time, SETTLE_STEP_US);
        if (task->type != MESSAGE_HISTORY && r >= 0)
                commit_sync(hub->commit);
        tell_seen(hub, task, job_session(hub, job));
        if (r > 0)
                return true;
        if (task->type == MESSAGE_FORGET && (r == 0 || task->sessions.count > 0))
                tell_forgotten(hub, task, job_session(hub, job));
        if (r < 0)
                job_failed(hub, job, r);
        else
                job_reply(hub, job);
        return false;
}

/* Says how many records are gone, once all batches are done. */
static void log_pruned(Hub *hub)
{
        if (hub->n_pruned > 0)
                log_notice("deleted %zu records of calls from the history: they are older than "
                           "%u days (history-days)",
                           hub->n_pruned, hub->config->history_days);
        hub->n_pruned = 0;
}

void hub_count_running(Hub *hub)
{
        const HistoryTime time = history_time_now();
        int r = call_history_count_running(hub_database_history(hub->database), &time);

        if (r < 0)
                log_error("cannot store how long the hub has run: %s", strerror(-r));
}

void hub_prune(uv_timer_t *timer)
{
        Hub *hub = timer->data;
        const HistoryTime time = history_time_now();
        size_t deleted = 0;
        int r = 0;

        if (!hub->is_pruning)
                hub_count_running(hub);
        if (hub->config->history_days > 0)
                r = call_history_prune(hub_database_history(hub->database), &time,
                                       hub->config->history_days, PRUNE_BATCH, SETTLE_STEP_US,
                                       &deleted);
        if (r < 0)
                log_error("cannot delete old history: %s", strerror(-r));
        hub->n_pruned += deleted;
        hub->is_pruning = r > 0;
        if (r <= 0)
                log_pruned(hub);
        uv_timer_start(timer, hub_prune, r > 0 ? PRUNE_PAUSE_MS : PRUNE_EVERY_MS, 0);
}
