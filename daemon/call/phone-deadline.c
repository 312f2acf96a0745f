/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "call/phone-internal.h"

/* When something becomes due on the call, or USEC_NEVER. */
static usec_t call_deadline(const Phone *phone, const Call *call)
{
        if (!call_is_live(call))
                return call->shown_until;
        /* An accept has its own 10 s, in which the hub may still say yes. */
        if (!call->shown.ring_until || call_deciding(phone, call))
                return USEC_NEVER;
        /* The deadline is the hub's to tell, as long as there is one that knows the call. */
        return phone->connection == PHONE_ONLINE && !call->unknown
                       ? call->shown.ring_until + RING_WITHOUT_HUB_GRACE_US
                       : call->shown.ring_until;
}

usec_t phone_next_deadline(const Phone *phone)
{
        usec_t next = phone->ack_at;
        const Request *request;
        const Call *call;
        const Delivery *delivery;

        if (phone->test_ring_until)
                next = MIN_OF(next, phone->test_ring_until);
        DL_FOREACH (phone->requests, request)
                next = MIN_OF(next, request->deadline);
        DL_FOREACH (phone->calls, call)
                next = MIN_OF(next, call_deadline(phone, call));
        DL_FOREACH (phone->deliveries, delivery)
                next = MIN_OF(next, delivery->deadline);
        return next;
}

static int call_due(Phone *phone, Call *call)
{
        if (call_is_live(call))
                return call_end_here(phone, call,
                                     call->unknown ? CALL_EVENT_CALLER_LOST : CALL_EVENT_TIMEOUT,
                                     CALL_REASON_NONE);
        call_remove(phone, call);
        return 0;
}

/* Carries out one thing that is due. Returns 1; 0 if there is nothing; or -ENOMEM. */
static int phone_tick_one(Phone *phone)
{
        usec_t now = phone->instant.now;
        Request *request;
        Delivery *delivery;
        Call *call;
        int r;

        r = phone_reserve(phone, 1);
        if (r < 0)
                return r;
        DL_FOREACH (phone->requests, request) {
                if (request->deadline <= now) {
                        r = request_expire(phone, request);
                        return r < 0 ? r : 1;
                }
        }
        DL_FOREACH (phone->calls, call) {
                if (call_deadline(phone, call) <= now) {
                        r = call_due(phone, call);
                        return r < 0 ? r : 1;
                }
        }
        DL_FOREACH (phone->deliveries, delivery) {
                if (delivery->deadline <= now) {
                        delivery_expire(phone, delivery);
                        return 1;
                }
        }
        return 0;
}

int phone_tick(Phone *phone, const Instant *instant)
{
        int r;

        phone->instant = *instant;
        if (phone->test_ring_until && phone->test_ring_until <= instant->now)
                phone->test_ring_until = 0;
        do
                r = phone_tick_one(phone);
        while (r > 0);
        if (r < 0)
                return r;
        phone_settle(phone);
        return 0;
}

void calls_limit_finished(Phone *phone)
{
        Call *call, *oldest = NULL;
        size_t n = 0;

        DL_FOREACH (phone->calls, call) {
                if (call_is_live(call))
                        continue;
                n++;
                if (!oldest || call->shown_until < oldest->shown_until)
                        oldest = call;
        }
        /* One at a time: each that finishes pushes one out; it goes when it is next looked at. */
        if (n > FINISHED_CALLS_MAX)
                oldest->shown_until = phone->instant.now;
}
