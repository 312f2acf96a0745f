/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Many deadlines, of which the next one is found at once: a binary heap of nodes that are embedded
 * in their objects. Setting one costs O(log n); only adding a node can fail.
 */

#include <stddef.h>

#include "base/clock.h"

typedef struct Deadline {
        usec_t at;
        size_t index; /* in the heap */
} Deadline;

typedef struct Deadlines {
        Deadline **heap; /* owned; the nodes are not */
        size_t count, capacity;
} Deadlines;

/* Returns 0 or -ENOMEM. */
int deadlines_add(Deadlines *deadlines, Deadline *deadline, usec_t at);
void deadlines_remove(Deadlines *deadlines, Deadline *deadline);
void deadlines_set(Deadlines *deadlines, Deadline *deadline, usec_t at);
/* The earliest, or NULL when there is none. */
Deadline *deadlines_first(const Deadlines *deadlines);
void deadlines_done(Deadlines *deadlines);
