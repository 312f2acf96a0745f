/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Visible ownership: variables that free themselves at the end of their scope, and macros that mark
 * where a value changes hands.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* `unused`, because clang warns about a variable that is only cleaned up. */
#define _cleanup_(f) __attribute__((cleanup(f), unused))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _pure_ __attribute__((pure))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
#define CLAMP_TO(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))

/* Each evaluates to the variable's value and clears the variable: ownership passes on. */
#define TAKE_PTR(p)                      \
        ({                               \
                typeof(p) *_pp = &(p);   \
                typeof(p) _taken = *_pp; \
                *_pp = NULL;             \
                _taken;                  \
        })
#define TAKE_FD(fd)                    \
        ({                             \
                int *_pfd = &(fd);     \
                int _taken_fd = *_pfd; \
                *_pfd = -1;            \
                _taken_fd;             \
        })

/* Defines funcp() for _cleanup_(), from a func() that frees a value. */
#define DEFINE_CLEANUP(type, func)          \
        static inline void func##p(type *p) \
        {                                   \
                if (*p)                     \
                        func(*p);           \
        }                                   \
        struct cleanup_needs_a_semicolon

static inline void freep(void *p)
{
        free(*(void **)p);
}

static inline void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

DEFINE_CLEANUP(FILE *, fclose);

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
