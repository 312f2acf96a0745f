/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/event-rate.h"

#define EVENT_SPACING_US (USEC_PER_SEC / HUB_EVENTS_PER_S)

/*
 * The generic cell rate algorithm (ITU-T I.371): *time is when the events so far would be through
 * if they came evenly, and may run ahead of now by a burst.
 */
static bool take(usec_t *time, usec_t now, usec_t burst)
{
        usec_t next = MAX_OF(*time, now) + EVENT_SPACING_US;

        if (next - now > burst * EVENT_SPACING_US)
                return false;
        *time = next;
        return true;
}

bool event_rate_allows(Phone *phone, MessageType type)
{
        usec_t now = phone->instant.now;

        /* Another device may mark or delete a whole history at once. */
        return type == MESSAGE_LOGGED ? take(&phone->logged_time, now, HUB_LOGGED_BURST)
                                      : take(&phone->events_time, now, HUB_EVENTS_BURST);
}
