/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/log.h"
#include "hub/internal.h"

#define PRUNE_EVERY_MS (3600 * 1000) /* at most so much of the time that it ran can be lost */
#define PRUNE_BATCH 500              /* records in a batch; takes some milliseconds */
#define PRUNE_PAUSE_MS 100           /* pause between batches, so that calls go on */

static void reply_failed(DeviceSession *session, const Message *message, int r)
{
        log_error("cannot carry out \"%s\": %s", message_type_to_string(message->type),
                  strerror(-r));
        hub_reply_error(session->connection, message->id, CALL_ERROR_TIMEOUT,
                        "the hub cannot use the history now: %s; try again later", strerror(-r));
}

static void reply_ok(DeviceSession *session, const Message *message)
{
        Message reply;

        message_reply_ok(&reply, message->id);
        hub_send(session->connection, &reply, 0);
}

void hub_history(Hub *hub, DeviceSession *session, const Message *message)
{
        Message reply = {.type = MESSAGE_REPLY, .id = message->id};
        char shown[CURSOR_MAX + 1];

        hub_flush(hub);
        reply.reply.kind = REPLY_HISTORY;
        int r = call_history_page(hub_database_history(hub->database), session->user->uid,
                                  message->history.limit, message->history.cursor, HISTORY_BUDGET,
                                  &reply.reply.history);
        if (r == -EINVAL) {
                hub_reply_error(session->connection, message->id, CALL_ERROR_INVALID_ARGUMENT,
                                "cursor \"%s\" is not the \"next\" of a page",
                                str_printable(shown, sizeof(shown), message->history.cursor));
                return;
        }
        if (r < 0) {
                reply_failed(session, message, r);
                return;
        }
        hub_send(session->connection, &reply, 0);
        message_done(&reply);
}

void hub_seen(Hub *hub, DeviceSession *session, const Message *message)
{
        char uid[UID_MAX + 1];
        CallRecord *records;
        size_t n;

        hub_flush(hub);
        /* Sending the reply may close the session as too slow, which frees it. */
        STR_SET(uid, session->user->uid);
        const HistoryTime time = history_time_now();
        int r = call_history_mark_seen(hub_database_history(hub->database), &time, uid,
                                       &message->sessions, &records, &n);
        if (r < 0) {
                reply_failed(session, message, r);
                return;
        }
        commit_sync(hub->commit);
        reply_ok(session, message);
        for (size_t i = 0; i < n; i++)
                hub_send_others(hub, uid, session,
                                &(Message){.type = MESSAGE_LOGGED, .logged = records[i]}, 0);
        call_records_free(records, n);
}

void hub_forget(Hub *hub, DeviceSession *session, const Message *message)
{
        char uid[UID_MAX + 1];
        size_t n;

        hub_flush(hub);
        STR_SET(uid, session->user->uid);
        const HistoryTime time = history_time_now();
        int r = call_history_forget(hub_database_history(hub->database), &time, uid,
                                    &message->sessions, &n);
        if (r < 0) {
                reply_failed(session, message, r);
                return;
        }
        commit_sync(hub->commit);
        reply_ok(session, message);
        if (n > 0)
                hub_send_others(
                        hub, uid, session,
                        &(Message){.type = MESSAGE_FORGOTTEN, .sessions = message->sessions}, 0);
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

        if (hub->n_pruned == 0)
                hub_count_running(hub);
        if (hub->config->history_days > 0)
                r = call_history_prune(hub_database_history(hub->database), &time,
                                       hub->config->history_days, PRUNE_BATCH, &deleted);
        if (r < 0)
                log_error("cannot delete old history: %s", strerror(-r));
        hub->n_pruned += deleted;
        if (deleted < PRUNE_BATCH)
                log_pruned(hub);
        uv_timer_start(timer, hub_prune, deleted == PRUNE_BATCH ? PRUNE_PAUSE_MS : PRUNE_EVERY_MS,
                       0);
}
