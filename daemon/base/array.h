/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Owned arrays with a count beside them: NULL for none. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Both return 0 or -ENOMEM. `ret` points to the pointer to the first element. */
#define ARRAY_NEW(ret, n) array_copy(ret, NULL, n, sizeof(**(ret))) /* n zeroed elements */
#define ARRAY_COPY(ret, from, n) array_copy(ret, 1 ? (from) : *(ret), n, sizeof(**(ret)))

/*
 * Makes room for one element behind the `n` of an array that nothing else has allocated: the room
 * doubles whenever n is a power of two, so it needs no count of its own. Returns 0 or -ENOMEM.
 */
#define ARRAY_GROW(array, n) array_grow(array, n, sizeof(**(array)))

static inline int array_copy(void *ret, const void *from, size_t n, size_t size)
{
        void *copy = n > 0 ? calloc(n, size) : NULL;

        if (n > 0 && !copy)
                return -ENOMEM;
        if (copy && from)
                memcpy(copy, from, n * size);
        memcpy(ret, &copy, sizeof(copy));
        return 0;
}

static inline int array_grow(void *array, size_t n, size_t size)
{
        void *grown;

        if (n & (n - 1))
                return 0;
        memcpy(&grown, array, sizeof(grown));
        grown = reallocarray(grown, n > 0 ? 2 * n : 1, size);
        if (!grown)
                return -ENOMEM;
        memcpy(array, &grown, sizeof(grown));
        return 0;
}
