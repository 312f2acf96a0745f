/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"
#include "wire/stored-call.h"
#include "wire/wire.h"

/*
 * What a daemon has in its file of calls, requests and listeners, and what it makes of that when it
 * starts again. What a phone wants stored is stored before anything that it wants said or done
 * next; the codec for stores is in between.
 */

static Kept *kept_find(const Handset *handset, const char *session_id, uint64_t number)
{
        Kept *kept;

        DL_FOREACH (handset->kept, kept) {
                if (kept->number == number && str_eq(kept->session_id, session_id))
                        return kept;
        }
        return NULL;
}

static void kept_drop(Handset *handset, Kept *kept)
{
        if (!kept)
                return;
        DL_DELETE(handset->kept, kept);
        free(kept->json);
        free(kept);
}

static void kept_put(Handset *handset, const char *session_id, uint64_t number, char *json)
{
        Kept *kept = kept_find(handset, session_id, number);

        if (!kept) {
                kept = calloc(1, sizeof(*kept));
                if (!kept)
                        abort();
                STR_SET(kept->session_id, session_id);
                kept->number = number;
                DL_APPEND(handset->kept, kept);
        }
        free(kept->json);
        kept->json = json;
}

void handset_keep(Handset *handset, const PhoneAction *action)
{
        size_t length;
        char *json;

        switch (action->type) {
        case PHONE_CALL_STORE:
                if (wire_encode_stored_call(action->state, &json) < 0)
                        abort();
                kept_put(handset, action->session_id, 0, json);
                break;
        case PHONE_CALL_FORGET:
                kept_drop(handset, kept_find(handset, action->session_id, 0));
                break;
        case PHONE_REQUEST_STORE:
                if (wire_encode(&action->message, 0, &json, &length) < 0)
                        abort();
                kept_put(handset, "", action->serial, json);
                break;
        default:
                kept_drop(handset, kept_find(handset, "", action->serial));
                break;
        }
}

void handset_keep_listeners(Handset *handset)
{
        const PhoneListener *listener;

        handset->n_listeners = 0;
        for (size_t i = 0; (listener = phone_listener_at(handset->phone, i)); i++)
                handset->listeners[handset->n_listeners++] = *listener;
}

static void restore_call(Handset *handset, const Kept *kept)
{
        const Now instant = handset_instant(handset);
        Worker *worker = handset_worker(handset, kept->session_id);
        StoredCall state;

        if (wire_decode_stored_call(kept->json, &state) < 0)
                abort();
        handset_drain(handset,
                      phone_restore_call(handset->phone, &instant, &state, worker != NULL));
        stored_call_done(&state);
        worker = handset_worker(handset, kept->session_id);
        if (worker && worker->open)
                handset_worker_connects(handset, kept->session_id);
}

static void restore_request(Handset *handset, const Kept *kept)
{
        const Now instant = handset_instant(handset);
        char text[MESSAGE_TEXT_MAX + 1];
        Message message;
        uint64_t id;

        if (wire_decode(WIRE_FROM_DEVICE, kept->json, strlen(kept->json), &message, &id, text) != 0)
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

/* Workers whose call is over by now find nobody who wants them. */
static void stop_orphans(Handset *handset)
{
        Worker *worker, *next;

        DL_FOREACH_SAFE (handset->workers, worker, next) {
                if (kept_find(handset, worker->session_id, 0))
                        continue;
                DL_DELETE(handset->workers, worker);
                free(worker);
        }
}

void handset_restore(Handset *handset)
{
        Kept *kept, *next;

        stop_orphans(handset);
        DL_FOREACH_SAFE (handset->kept, kept, next) {
                if (!kept->number)
                        restore_call(handset, kept);
        }
        DL_FOREACH_SAFE (handset->kept, kept, next) {
                if (kept->number)
                        restore_request(handset, kept);
        }
        restore_listeners(handset);
}

void handset_drop_kept(Handset *handset)
{
        while (handset->kept)
                kept_drop(handset, handset->kept);
}
