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

/* A ring of the pair that nobody has answered. */
typedef struct Unanswered {
        usec_t begun, ended;
} Unanswered;

static int by_begin(const void *a, const void *b)
{
        const Unanswered *first = a, *second = b;

        return (first->begun > second->begun) - (first->begun < second->begun);
}

/* Until when the pair's next ring has to wait, after these; 0: not at all. */
static usec_t pause_until(const Unanswered *rings, size_t n)
{
        static const usec_t pauses[] = {REDIAL_PAUSE_FIRST_US, REDIAL_PAUSE_SECOND_US,
                                        REDIAL_PAUSE_LAST_US};
        size_t first = 0, n_pauses = 0; /* since the last hour without a ring */
        usec_t until = 0;

        for (size_t i = 0; i < n; i++) {
                if (i > 0 && rings[i].begun - rings[i - 1].begun >= REDIAL_MEMORY_US) {
                        first = i;
                        n_pauses = 0;
                }
                if (n_pauses == 0 &&
                    (i + 1 - first < REDIALS_FREE ||
                     rings[i].ended - rings[i + 1 - REDIALS_FREE].ended > REDIAL_WINDOW_US))
                        continue;
                until = rings[i].ended + pauses[n_pauses];
                n_pauses = MIN_OF(n_pauses + 1, ELEMENTSOF(pauses) - 1);
        }
        return until;
}

void laws_see_redial(World *world, const Case *the_case)
{
        const char *caller = handset_uid(the_case->caller);
        usec_t since = counted_since(world, the_case);
        Unanswered rings[CASES_MAX];
        size_t n = 0;

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
                        rings[n++] = (Unanswered){other->begun_at, part->over_at};
        }
        qsort(rings, n, sizeof(*rings), by_begin);
        usec_t until = pause_until(rings, n);
        if (world->now < until)
                law_broken(world, LAW_REDIAL,
                           "call %u of %s rings %s after %zu unanswered ones, %lu s too early",
                           the_case->number, caller, the_case->receiver, n,
                           (unsigned long)((until - world->now) / USEC_PER_SEC));
}
