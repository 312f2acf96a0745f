/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"
#include "wire/stored.h"
#include "wire/wire.h"

/*
 * The daemon's file of calls, requests and listeners, and what a restarted daemon makes of it.
 * Store actions of the phone are carried out before its later actions, and pass through the codec
 * for stored rows.
 */

static StoredRow *row_find(const Handset *handset, const char *session_id, uint64_t number)
{
        StoredRow *row;

        DL_FOREACH (handset->rows, row) {
                if (row->number == number && str_eq(row->session_id, session_id))
                        return row;
        }
        return NULL;
}

static void row_drop(Handset *handset, StoredRow *row)
{
        if (!row)
                return;
        DL_DELETE(handset->rows, row);
        free(row->json);
        free(row->before);
        free(row);
}

static void row_put(Handset *handset, const char *session_id, uint64_t number, char *json)
{
        StoredRow *row = row_find(handset, session_id, number);

        if (!row) {
                row = calloc(1, sizeof(*row));
                if (!row)
                        abort();
                STR_SET(row->session_id, session_id);
                row->number = number;
                DL_APPEND(handset->rows, row);
        }
        free(row->before);
        row->before = row->json;
        row->json = json;
        row->put_at = handset->world->now;
}

void handset_store(Handset *handset, const PhoneAction *action)
{
        size_t length;
        char *json;

        switch (action->type) {
        case PHONE_CALL_STORE:
                if (wire_encode_stored_call(action->state, &json) < 0)
                        abort();
                row_put(handset, action->session_id, 0, json);
                break;
        case PHONE_CALL_FORGET:
                row_drop(handset, row_find(handset, action->session_id, 0));
                break;
        case PHONE_REQUEST_STORE:
                if (wire_encode(&action->message, 0, &json, &length) < 0)
                        abort();
                row_put(handset, "", action->serial, json);
                break;
        default:
                row_drop(handset, row_find(handset, "", action->serial));
                break;
        }
}

void handset_store_listeners(Handset *handset)
{
        const PhoneListener *listener;

        handset->n_listeners = 0;
        for (size_t i = 0; (listener = phone_listener_at(handset->phone, i)); i++)
                handset->listeners[handset->n_listeners++] = *listener;
}

#define MUTE_LONGEST_US (2 * USEC_PER_SEC)
/* A disk that is full, or slow. */
#define STORE_LAG_MAX_US (10 * USEC_PER_SEC)

static bool row_has_join(const char *json)
{
        StoredCall state;

        if (wire_decode_stored_call(json, &state) < 0)
                abort();
        bool joined = *state.session.own_id;
        stored_call_done(&state);
        return joined;
}

void handset_lose_joins(Handset *handset)
{
        StoredRow *row;

        DL_FOREACH (handset->rows, row) {
                if (!row->before || !*row->session_id || !row_has_join(row->json) ||
                    row_has_join(row->before) ||
                    handset->world->now - row->put_at > STORE_LAG_MAX_US)
                        continue;
                trace(handset->world, "%s: has not stored that it joined call %s",
                      handset_name(handset), row->session_id);
                free(row->json);
                row->json = TAKE_PTR(row->before);
        }
}

static void restore_call(Handset *handset, const StoredRow *row)
{
        const Now instant = handset_instant(handset);
        Worker *worker = handset_worker(handset, row->session_id);
        StoredCall state;

        if (wire_decode_stored_call(row->json, &state) < 0)
                abort();
        handset_drain(handset,
                      phone_restore_call(handset->phone, &instant, &state, worker != NULL));
        stored_call_done(&state);
        worker = handset_worker(handset, row->session_id);
        if (worker && worker->open && !handset->world->calm_until)
                STR_SET(handset_job(handset, JOB_MUTE, MUTE_LONGEST_US)->session_id,
                        row->session_id);
        if (worker)
                handset_worker_connects(handset, row->session_id);
}

static void restore_request(Handset *handset, const StoredRow *row)
{
        const Now instant = handset_instant(handset);
        char text[MESSAGE_TEXT_MAX + 1];
        Message message;
        uint64_t id;

        if (wire_decode(WIRE_FROM_DEVICE, row->json, strlen(row->json), &message, &id, text) != 0)
                abort();
        handset_drain(handset, phone_restore_request(handset->phone, &instant, &message));
        message_done(&message);
}

static void restore_listeners(Handset *handset)
{
        for (size_t i = 0; i < handset->n_listeners; i++) {
                const Now instant = handset_instant(handset);
                const char *text;

                handset_drain(handset, phone_listener_add(handset->phone, &instant,
                                                          &handset->listeners[i], true, &text));
        }
}

/* Workers whose call is over are not adopted by anybody. */
static void stop_orphans(Handset *handset)
{
        Worker *worker, *next;

        DL_FOREACH_SAFE (handset->workers, worker, next) {
                if (row_find(handset, worker->session_id, 0))
                        continue;
                DL_DELETE(handset->workers, worker);
                free(worker);
        }
}

void handset_restore(Handset *handset)
{
        StoredRow *row, *next;

        stop_orphans(handset);
        DL_FOREACH_SAFE (handset->rows, row, next) {
                if (!row->number)
                        restore_call(handset, row);
        }
        DL_FOREACH_SAFE (handset->rows, row, next) {
                if (row->number)
                        restore_request(handset, row);
        }
        restore_listeners(handset);
}

void handset_drop_rows(Handset *handset)
{
        while (handset->rows)
                row_drop(handset, handset->rows);
}
