/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Enums whose values have words, in an array indexed by the enum. For the array call_types
 *
 *         DEFINE_WORDS(call_type, CallType, call_types);
 *
 * defines call_type_to_string() and call_type_from_string(), which a header declares.
 */

#include <assert.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/str.h"

/* Returns the index of the word, or -EINVAL. */
static inline int words_find(const char *const *words, size_t n, const char *s)
{
        for (size_t i = 0; i < n; i++) {
                if (str_eq(words[i], s))
                        return (int)i;
        }
        return -EINVAL;
}

#define DEFINE_WORDS_TO_STRING(object, Type, words)        \
        const char *object##_to_string(Type value)         \
        {                                                  \
                assert((size_t)value < ELEMENTSOF(words)); \
                return words[value];                       \
        }                                                  \
        struct words_needs_a_semicolon

#define DEFINE_WORDS(object, Type, words)                        \
        DEFINE_WORDS_TO_STRING(object, Type, words);             \
        int object##_from_string(const char *s, Type *ret)       \
        {                                                        \
                int r = words_find(words, ELEMENTSOF(words), s); \
                                                                 \
                if (r < 0)                                       \
                        return r;                                \
                *ret = (Type)r;                                  \
                return 0;                                        \
        }                                                        \
        struct words_needs_a_semicolon
