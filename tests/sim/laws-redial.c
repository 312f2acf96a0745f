/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "sim.h"

/* Rule 21: nobody is rung again and again. */

static bool is_of_pair(const Case *the_case, const char *caller, const char *receiver)
{
        return the_case->begun && !the_case->is_group &&
               str_eq(handset_uid(the_case->caller), caller) &&
               str_eq(the_case->receiver, receiver);
}

/* When the counting of the pair's rings started over: the hub forgets it in a restart. */
static usec_t counted_since(const World *world, const Case *the_case)
{
        const char *caller = handset_uid(the_case->caller);
        usec_t since = world->hub.up_since;

        for (unsigned i = 0; i < world->n_cases; i++) {
                const Case *other = &world->cases[i];
                const Part *part = &other->parts[other->caller->user];

                if (is_of_pair(other, the_case->receiver, caller))
                        since = MAX_OF(since, other->begun_at);
                else if (is_of_pair(other, caller, the_case->receiver))
                        since = MAX_OF(since, part->answered_at);
        }
        return since;
}

/* Puts an end among the last ones, of which the newest is the last. */
static void note_end(usec_t ends[static REDIALS_FREE], usec_t end)
{
        size_t i = 0;

        if (end < ends[0])
                return;
        for (; i + 1 < REDIALS_FREE && ends[i + 1] <= end; i++)
                ends[i] = ends[i + 1];
        ends[i] = end;
}

void laws_see_redial(World *world, const Case *the_case)
{
        const char *caller = handset_uid(the_case->caller);
        usec_t since = counted_since(world, the_case), ends[REDIALS_FREE] = {0};

        if (!world->weather.redial_pauses)
                return;
        for (unsigned i = 0; i < world->n_cases; i++) {
                const Case *other = &world->cases[i];
                const Part *part = &other->parts[other->caller->user];

                if (other == the_case || !is_of_pair(other, caller, the_case->receiver))
                        continue;
                if (!other->over && !part->over_at && part->status == CALL_STATUS_INITIATED)
                        law_broken(world, LAW_REDIAL, "calls %u and %u of %s both ring %s",
                                   other->number, the_case->number, caller, the_case->receiver);
                if (part->over_at > since && !part->answered_at)
                        note_end(ends, part->over_at);
        }
        if (ends[0] > 0 && ends[REDIALS_FREE - 1] - ends[0] <= REDIAL_WINDOW_US &&
            world->now < ends[REDIALS_FREE - 1] + REDIAL_PAUSE_FIRST_US)
                law_broken(world, LAW_REDIAL,
                           "call %u of %s rings %s, %lu s after the last of three unanswered ones",
                           the_case->number, caller, the_case->receiver,
                           (unsigned long)((world->now - ends[REDIALS_FREE - 1]) / USEC_PER_SEC));
}
