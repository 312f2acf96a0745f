/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A set of deadlines: a binary heap of nodes that are embedded in their objects. Finding the
 * earliest costs O(1), setting one O(log n). Only adding a node can fail.
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
/* The earliest deadline; NULL: the set is empty. */
Deadline *deadlines_first(const Deadlines *deadlines);
void deadlines_done(Deadlines *deadlines);
