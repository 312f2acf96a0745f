/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Strings: comparison, bounded copies, and the checks of every string that comes from outside.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define UUID_LENGTH 36     /* canonical text form, RFC 9562 section 4 */
#define UID_MAX 64         /* bytes of a uid or guid: CALL-MODEL.md, Words */
#define NAME_MAX_BYTES 128 /* bytes of a display name: PROTOCOL.md, Values */

static inline bool str_eq(const char *a, const char *b)
{
        return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* The letters A to Z may be small, whatever the locale. */
bool str_eq_any_case(const char *a, const char *b);

static inline bool str_empty(const char *s)
{
        return !s || !*s;
}

/* Copies into a buffer of `size` bytes. Returns 0, or -E2BIG with the buffer left untouched. */
int str_copy(char *buffer, size_t size, const char *s);

/* str_copy() into an array of known size. */
#define STR_SET(array, s) str_copy((array), sizeof(array), (s))

/* A uid or guid: 1 to UID_MAX of [A-Za-z0-9._@+-]. */
bool uid_is_valid(const char *s);

/* A canonical lower-case UUID of any version. */
bool uuid_is_valid(const char *s);

/* Valid UTF-8 (no overlong forms, surrogates, or code points past U+10FFFF). */
bool utf8_is_valid(const char *s, size_t length);

/* Valid UTF-8, 0 to `max` bytes, without control characters (C0, DEL, C1). */
bool text_is_valid(const char *s, size_t max);

/*
 * A name to show: valid text of 1 to `max` bytes in which something is visible, and which leaves
 * the rest of its line alone: no line separators (U+2028, U+2029), no embeddings or overrides of
 * the writing direction (U+202A to U+202E), and isolates (U+2066 to U+2069) only in pairs. Nothing
 * is hidden in it: no zero-width space and the like, and no joiner or direction mark right behind a
 * Latin letter or a digit.
 */
bool name_is_valid(const char *s, size_t max);

/*
 * Copies `s` for a message to a person. Replaces by '?' bytes that are not printable text, and
 * characters that nobody sees or that would break or turn the rest of the line; ends a text that
 * does not fit with "…". Returns the buffer.
 */
const char *str_printable(char *buffer, size_t size, const char *s);

/* Writes `length` bytes as lower-case hex; `ret` has room for 2 * length + 1 bytes. */
void hex_encode(const void *bytes, size_t length, char *ret);

/* printf into allocated memory, which the caller frees. Returns NULL when out of memory. */
char *str_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
