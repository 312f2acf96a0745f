/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Owned arrays, each with a count beside it. An empty array is NULL. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Both return 0 or -ENOMEM. `ret` is the address of the array's pointer. */
#define ARRAY_NEW(ret, n) array_copy(ret, NULL, n, sizeof(**(ret))) /* n zeroed elements */
#define ARRAY_COPY(ret, from, n) array_copy(ret, 1 ? (from) : *(ret), n, sizeof(**(ret)))

/*
 * Makes room for one more element in an array of `n` that only ARRAY_GROW() has allocated. The room
 * doubles whenever n is a power of two, so no capacity is stored. Returns 0 or -ENOMEM.
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
