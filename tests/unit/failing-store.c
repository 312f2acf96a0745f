/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failing-store.h"

#include <errno.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "failing-memory.h"
#include "suite.h"

#define ALLOCATIONS_MAX 100000 /* rounds of one operation, before it is an endless loop */

void *__wrap_realloc(void *old, size_t size);

static void *store_malloc(int size)
{
        return __wrap_malloc((size_t)size);
}

static void *store_realloc(void *old, int size)
{
        return __wrap_realloc(old, (size_t)size);
}

static int store_size(void *memory)
{
        return (int)malloc_usable_size(memory);
}

static int store_round_up(int size)
{
        return (size + 7) & ~7;
}

static int store_init(void *data)
{
        return SQLITE_OK;
}

static void store_shut_down(void *data)
{
}

void failing_store_init(void)
{
        static const sqlite3_mem_methods methods = {
                .xMalloc = store_malloc,
                .xFree = free,
                .xRealloc = store_realloc,
                .xSize = store_size,
                .xRoundup = store_round_up,
                .xInit = store_init,
                .xShutdown = store_shut_down,
        };

        ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
        /* SQLite's own lookaside memory would hide failures. */
        ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
        ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0), SQLITE_OK);
}

void operation_survives(const FailingOperation *operation)
{
        unsigned n_failed = 0;

        for (unsigned n = 1; n < ALLOCATIONS_MAX; n += MAX_OF(operation->every, 1u)) {
                unsigned long before = operation->sum ? operation->sum() : 0;

                memory_fails_at = n;
                memory_failed = false;
                int r = operation->run();
                memory_fails_at = 0;
                if (!memory_failed) {
                        ck_assert_msg(r == 0, "%s: %d", operation->name, r);
                        ck_assert_msg(n_failed > 0, "%s: nothing has failed", operation->name);
                        return;
                }
                ck_assert_msg(r == 0 || r == -ENOMEM, "%s: %d at allocation %u", operation->name, r,
                              n);
                n_failed += r == -ENOMEM;
                if (r == -ENOMEM && operation->sum)
                        ck_assert_msg(operation->sum() == before, "%s: half done at allocation %u",
                                      operation->name, n);
        }
        ck_abort_msg("%s: no end of it", operation->name);
}
