/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <utlist.h>

#include "phone/internal.h"

/* When something becomes due on the call, or USEC_NEVER. */
static usec_t line_deadline(const Phone *phone, const Line *line)
{
        usec_t at = line->shown.ring_until;

        if (!line_is_live(line))
                return line->shown_until;
        if (!at)
                return USEC_NEVER;
        /* The deadline is the hub's to tell, as long as there is one that knows the call. */
        if (phone->connection == PHONE_ONLINE && !line->unknown)
                at += RING_WITHOUT_HUB_GRACE_US;
        /* An accept has its own 10 s, in which the hub may still say yes; a further one has none.
         */
        return line_deciding(phone, line) ? at + COMMAND_TIMEOUT_US : at;
}

usec_t phone_next_deadline(const Phone *phone)
{
        usec_t next = phone->ack_at;
        const Errand *errand;
        const Line *line;
        const Delivery *delivery;

        if (phone->test_ring_until)
                next = MIN_OF(next, phone->test_ring_until);
        DL_FOREACH (phone->errands, errand)
                next = MIN_OF(next, errand->deadline);
        DL_FOREACH (phone->lines, line) {
                next = MIN_OF(next, line_deadline(phone, line));
                if (line->members_due)
                        next = MIN_OF(next, line->members_due);
        }
        DL_FOREACH (phone->deliveries, delivery)
                next = MIN_OF(next, delivery->deadline);
        return next;
}

static int line_due(Phone *phone, Line *line)
{
        CallEvent event = line->unknown ? CALL_EVENT_CALLER_LOST : CALL_EVENT_TIMEOUT;
        char session_id[UUID_LENGTH + 1];
        Errand *errand;
        int r;

        if (!line_is_live(line)) {
                line_remove(phone, line);
                return 0;
        }
        STR_SET(session_id, line->shown.record.session_id);
        r = line_end_here(phone, line, event, CALL_REASON_NONE);
        if (r < 0 || line->shown.record.direction == CALL_DIRECTION_INCOMING)
                return r;
        /* It may have been answered, and the hub have had no way to say so: it learns of this. */
        errand = errand_new(phone, MESSAGE_CANCEL, session_id);
        errand->kept = true;
        errand_add(phone, errand);
        return 0;
}

/* Carries out one thing that is due. Returns 1; 0 if there is nothing; or -ENOMEM. */
static int phone_tick_one(Phone *phone)
{
        usec_t now = phone->instant.now;
        Errand *errand;
        Delivery *delivery;
        Line *line;
        int r;

        if (phone_next_deadline(phone) > now)
                return 0;
        r = phone_reserve(phone, 1, 1);
        if (r < 0)
                return r;
        DL_FOREACH (phone->errands, errand) {
                if (errand->deadline <= now) {
                        r = errand_expire(phone, errand);
                        return r < 0 ? r : 1;
                }
        }
        DL_FOREACH (phone->lines, line) {
                if (line->members_due && line->members_due <= now) {
                        members_due(phone, line);
                        return 1;
                }
                if (line_deadline(phone, line) <= now) {
                        r = line_due(phone, line);
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
        if (r == 0)
                r = phone_reserve(phone, 1, 0);
        if (r < 0)
                return r;
        phone_settle(phone);
        return 0;
}

void lines_limit_finished(Phone *phone)
{
        Line *line, *oldest = NULL;
        size_t n = 0;

        DL_FOREACH (phone->lines, line) {
                if (line_is_live(line))
                        continue;
                n++;
                if (!oldest || line->shown_until < oldest->shown_until)
                        oldest = line;
        }
        /* One at a time: each that finishes pushes one out; it goes when it is next looked at. */
        if (n > FINISHED_CALLS_MAX)
                oldest->shown_until = phone->instant.now;
}
