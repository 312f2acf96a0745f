/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SQLite with an allocator that fails once (failing-memory.h), and operations on a store that are
 * run with each of their allocations failing in turn.
 */

#include <stddef.h>

/* Must be called before the first use of SQLite in the process. */
void failing_store_init(void);

typedef struct FailingOperation {
        const char *name;
        int (*run)(void); /* returns 0 or negative errno; may be run repeatedly */
        /* A number for the store's contents, the same before and after a failure. May be NULL. */
        unsigned long (*sum)(void);
        unsigned every; /* one of so many allocations fails, for operations with thousands; 0: each
                         */
} FailingOperation;

/*
 * Runs it with each allocation failing in turn, until none fails: then it must succeed. When one
 * fails, either SQLite works without it, or the result is -ENOMEM and the store is as before.
 */
void operation_survives(const FailingOperation *operation);
