/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SQLite with an allocator of which one call fails (failing-memory.h), and operations on a store
 * that are run with each of their allocations failing in turn.
 */

#include <stddef.h>

/* Before the first use of SQLite in the process. */
void failing_store_init(void);

typedef struct FailingOperation {
        const char *name;
        int (*run)(void); /* 0 or negative errno; may be run again and again */
        /* What the store has, as a number: the same before and after a failure. May be NULL. */
        unsigned long (*sum)(void);
        unsigned every; /* of thousands of allocations, one in so many fails; 0: each */
} FailingOperation;

/*
 * Runs it with each allocation failing, until none does: then it has to succeed. Where one fails,
 * either SQLite does without it, or the result is -ENOMEM and the store is as before.
 */
void operation_survives(const FailingOperation *operation);
