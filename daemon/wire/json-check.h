/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Looks at text from outside before a parser may allocate for it: is it JSON by the letter of
 * RFC 8259, and within bounds? The parser behind it is laxer (it takes 01, raw control characters,
 * anything after the end) and has to trust nothing that passed here.
 */

#include <stddef.h>

typedef struct JsonLimits {
        size_t length;    /* bytes in all */
        unsigned nesting; /* objects and arrays in one another */
        unsigned members; /* of one object */
        unsigned values;  /* in all: each costs the parser an allocation */
} JsonLimits;

#define JSON_TEXT_MAX 256 /* bytes of the sentence */

/*
 * Returns 0, or -EMSGSIZE (too long), or -EBADMSG (UTF-8, nesting, number of members or values,
 * syntax, U+0000), with a sentence in `text` that says what and where.
 */
int json_check(const char *json, size_t length, const JsonLimits *limits,
               char text[static JSON_TEXT_MAX + 1]);
