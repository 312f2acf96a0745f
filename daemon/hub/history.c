/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/log.h"
#include "hub/internal.h"

#define MISSED_DAYS_MIN 30 /* rule 16: the minimum, whatever the settings say */
#define USEC_PER_DAY (24 * 3600 * USEC_PER_SEC)
#define PRUNE_EVERY_MS (24 * 3600 * 1000)
#define PRUNE_BATCH 500    /* records in a batch; takes some milliseconds */
#define PRUNE_PAUSE_MS 100 /* pause between batches, so that calls go on */

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
        int r = call_history_mark_seen(hub_database_history(hub->database), uid, &message->sessions,
                                       &records, &n);
        if (r < 0) {
                reply_failed(session, message, r);
                return;
        }
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
        int r = call_history_forget(hub_database_history(hub->database), uid, &message->sessions,
                                    &n);
        if (r < 0) {
                reply_failed(session, message, r);
                return;
        }
        reply_ok(session, message);
        if (n > 0)
                hub_send_others(
                        hub, uid, session,
                        &(Message){.type = MESSAGE_FORGOTTEN, .sessions = message->sessions}, 0);
}

void hub_prune(uv_timer_t *timer)
{
        Hub *hub = timer->data;
        usec_t now = clock_realtime();
        usec_t days = hub->config->history_days;
        size_t deleted = 0;

        int r = call_history_prune(hub_database_history(hub->database), now - days * USEC_PER_DAY,
                                   now - MAX_OF(days, (usec_t)MISSED_DAYS_MIN) * USEC_PER_DAY,
                                   PRUNE_BATCH, &deleted);
        if (r < 0)
                log_error("cannot delete old history: %s", strerror(-r));
        uv_timer_start(timer, hub_prune, deleted == PRUNE_BATCH ? PRUNE_PAUSE_MS : PRUNE_EVERY_MS,
                       0);
}
