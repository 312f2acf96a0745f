/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/state.h"

#include <errno.h>
#include <utlist.h>

#include "base/boot-date.h"
#include "phone/announce.h"
#include "phone/call.h"
#include "phone/handlers.h"
#include "phone/media.h"
#include "phone/persist.h"
#include "phone/request.h"
#include "phone/ring.h"
#include "phone/session.h"
#include "phone/switches.h"

static usec_t ring_until(const Phone *phone, const StoredCall *state)
{
        if (state->record.status != CALL_STATUS_INITIATED)
                return 0;
        return boot_date_restore(phone->instant.boot_date, state->ring_until_date,
                                 phone->instant.now, RING_TIMEOUT_MAX_S * USEC_PER_SEC);
}

static int call_restore(Phone *phone, const StoredCall *state, PhoneCall **ret)
{
        _cleanup_(call_freep) PhoneCall *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        r = stored_call_copy(&call->stored, state);
        if (r < 0)
                return r;
        call->info.ring_until = ring_until(phone, state);
        call->ring_limit = phone->instant.now + RING_TIMEOUT_MAX_S * USEC_PER_SEC;
        /* A ring that ended while no daemon ran makes no sound. */
        call->stored.present = state->present && !phone->do_not_disturb &&
                               call->info.ring_until > phone->instant.now;
        call_set_copy(call, STORED_COPY_CURRENT);
        *ret = TAKE_PTR(call);
        return 0;
}

/* Restores the media of an ongoing call; `worker`: its worker was adopted. */
static void call_restore_media(Phone *phone, PhoneCall *call, bool worker)
{
        PhoneSession *session = &call->stored.session;
        bool in_media = session_state_in_media(session->state);

        /* It may have had the order to join, and an open microphone, before that was stored. */
        if (worker)
                call_set_media(call, in_media ? CALL_MEDIA_ADOPTED : CALL_MEDIA_WARM);
        /* The stored state may be older than the worker's: assume connected until it reports. */
        for (size_t i = 0; i < session->n_participants; i++)
                session->participants[i].media.connected = call_has_joined(call);
        call->flows_reported = session_media_flows(session);
        /* Nobody knows any more when the worker's relays expire. */
        if (call_has_joined(call)) {
                call->relays_due = phone->instant.now;
                session_repeat_switches(phone, call);
        }
        if (in_media && !worker) {
                session_fail(phone, call, CALL_ERROR_MEDIA_FAILED,
                             "the call lost its media while tringd was restarting: join again");
        } else if (!in_media && worker) {
                session_close(phone, call);
        }
}

int phone_take_restored_call(Phone *phone, const StoredCall *state, bool worker)
{
        PhoneCall *call;
        int r;

        if (call_status_is_terminal(state->record.status))
                return -EINVAL;
        if (call_find(phone, state->record.session_id))
                return -EEXIST;
        r = call_restore(phone, state, &call);
        if (r < 0)
                return r;
        call_add(phone, call);
        if (call->stored.record.status == CALL_STATUS_ONGOING) {
                call_restore_media(phone, call, worker);
        } else {
                /* It should be warm, but may have joined since this was stored: another one is. */
                if (worker) {
                        call_set_media(call, CALL_MEDIA_WARM);
                        session_close(phone, call);
                }
                if (call_rings(call) && call->info.ring_until > phone->instant.now)
                        call_ring(phone, call, true);
                else if (!call_rings(call) && call->stored.consent.join && !call->stored.unwanted)
                        session_warm(phone, call);
        }
        return 0;
}

int phone_take_restored_request(Phone *phone, const Message *message)
{
        const HubRequest asked = {.message = *message, .durable = true};
        _cleanup_(hub_request_freep) HubRequest *request = NULL;
        StoredRequest *saved;
        int r;

        if (!message->id || message->type == MESSAGE_INITIATE || !hub_request_survives(&asked))
                return -EINVAL;
        request = hub_request_new(phone, message->type, NULL);
        r = hub_request_copy(&asked, &request->message);
        if (r < 0)
                return r;
        saved = calloc(1, sizeof(*saved));
        if (!saved)
                return -ENOMEM;
        saved->number = message->id;
        DL_APPEND(phone->stored_requests, saved);
        request->saved = saved;
        request->durable = *hub_request_session_id(request) != '\0';
        if (request->durable)
                request->deadline = phone->instant.now + COMMAND_TIMEOUT_US;
        phone->next_id = MAX_OF(phone->next_id, message->id + 1);
        hub_request_put_back(phone, TAKE_PTR(request));
        return 0;
}

void phone_allow_parallel_media(Phone *phone)
{
        phone->parallel_media = true;
}

void phone_restore_policy(Phone *phone, WhenBusy when_busy, bool do_not_disturb)
{
        phone->when_busy = when_busy;
        phone->do_not_disturb = do_not_disturb;
}

void phone_restore_history_since(Phone *phone, usec_t since)
{
        phone->history_since = since;
}

usec_t phone_history_since(const Phone *phone)
{
        return phone->history_since;
}
