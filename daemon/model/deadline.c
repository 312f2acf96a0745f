/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/deadline.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define DEADLINES_FIRST_CAPACITY 64 /* enough for a small hub; doubled when full */

static void deadlines_place(Deadlines *deadlines, Deadline *deadline, size_t index)
{
        deadlines->heap[index] = deadline;
        deadline->index = index;
}

/* Restores the order of the heap after a change of this node's time or place. */
static void deadlines_sift(Deadlines *deadlines, Deadline *deadline)
{
        size_t index = deadline->index;

        while (index > 0 && deadlines->heap[(index - 1) / 2]->at > deadline->at) {
                deadlines_place(deadlines, deadlines->heap[(index - 1) / 2], index);
                index = (index - 1) / 2;
        }
        for (;;) {
                size_t child = 2 * index + 1;

                if (child + 1 < deadlines->count &&
                    deadlines->heap[child + 1]->at < deadlines->heap[child]->at)
                        child++;
                if (child >= deadlines->count || deadlines->heap[child]->at >= deadline->at)
                        break;
                deadlines_place(deadlines, deadlines->heap[child], index);
                index = child;
        }
        deadlines_place(deadlines, deadline, index);
}

int deadlines_add(Deadlines *deadlines, Deadline *deadline, usec_t at)
{
        if (deadlines->count == deadlines->capacity) {
                size_t capacity = MAX_OF(2 * deadlines->capacity, DEADLINES_FIRST_CAPACITY);
                Deadline **heap = reallocarray(deadlines->heap, capacity, sizeof(*heap));

                if (!heap)
                        return -ENOMEM;
                deadlines->heap = heap;
                deadlines->capacity = capacity;
        }
        deadline->at = at;
        deadlines_place(deadlines, deadline, deadlines->count++);
        deadlines_sift(deadlines, deadline);
        return 0;
}

void deadlines_remove(Deadlines *deadlines, Deadline *deadline)
{
        size_t index = deadline->index;

        assert(index < deadlines->count && deadlines->heap[index] == deadline);
        Deadline *last = deadlines->heap[--deadlines->count];

        if (last == deadline)
                return;
        deadlines_place(deadlines, last, index);
        deadlines_sift(deadlines, last);
}

void deadlines_set(Deadlines *deadlines, Deadline *deadline, usec_t at)
{
        deadline->at = at;
        deadlines_sift(deadlines, deadline);
}

Deadline *deadlines_first(const Deadlines *deadlines)
{
        return deadlines->count > 0 ? deadlines->heap[0] : NULL;
}

void deadlines_done(Deadlines *deadlines)
{
        free(deadlines->heap);
        *deadlines = (Deadlines){0};
}
