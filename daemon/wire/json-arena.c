/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-arena.h"

#include <cjson/cJSON.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define ARENA_SIZE (16 * 1024) /* bytes: most messages take 1 to 2 KiB */

static alignas(max_align_t) char arena[ARENA_SIZE];
static size_t arena_used, arena_blocks; /* arena_blocks: those not given back yet */

static void *arena_take(size_t size)
{
        size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

        if (rounded < size || rounded > ARENA_SIZE - arena_used)
                return malloc(size);
        void *block = arena + arena_used;
        arena_used += rounded;
        arena_blocks++;
        return block;
}

static void arena_give_back(void *block)
{
        if ((uintptr_t)block - (uintptr_t)arena >= ARENA_SIZE) {
                free(block);
                return;
        }
        if (--arena_blocks == 0)
                arena_used = 0;
}

void json_use_arena(void)
{
        cJSON_InitHooks(&(cJSON_Hooks){arena_take, arena_give_back});
}
