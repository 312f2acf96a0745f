/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Checks text from outside before a parser may allocate for it: it must be strict JSON (RFC 8259)
 * and within limits. The parser, cJSON, is laxer: it accepts 01, raw control characters, and
 * anything after the end.
 */

#include <stddef.h>

typedef struct JsonLimits {
        size_t length;    /* bytes in all */
        unsigned nesting; /* depth of objects and arrays */
        unsigned members; /* of one object */
        unsigned values;  /* in all: each costs the parser an allocation */
} JsonLimits;

#define JSON_TEXT_MAX 256 /* bytes of a sentence, without its NUL */

/*
 * Returns 0, -EMSGSIZE (too long) or -EBADMSG (UTF-8, nesting, number of members or values, syntax,
 * U+0000), with a sentence in `text` that names the error and its place.
 */
int json_check(const char *json, size_t length, const JsonLimits *limits,
               char text[static JSON_TEXT_MAX + 1]);
