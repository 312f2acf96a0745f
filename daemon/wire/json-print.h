/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Prints JSON into one growing buffer, without a tree in between. A failure is remembered and
 * reported at the end, so that callers need not check after each member.
 *
 * The buffer starts inside the printer itself, so that most messages cost a single allocation, of
 * their exact size.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_PRINT_FIRST_SIZE 1024 /* bytes: most messages have 100 to 800 */

typedef struct JsonPrinter {
        char *buffer;     /* points to `first`, or owned; `headroom` unused bytes, then the text */
        size_t used;      /* bytes, headroom included */
        size_t allocated; /* bytes of the buffer */
        size_t headroom, max;
        bool comma; /* the next member or element needs a comma before it */
        int error;
        char first[JSON_PRINT_FIRST_SIZE];
} JsonPrinter;

/* Leaves `headroom` bytes free before the text, which may be up to `max` bytes long. */
void json_print_init(JsonPrinter *printer, size_t headroom, size_t max);
void json_print_done(JsonPrinter *printer);

/*
 * Hands over the NUL-terminated text in *ret, which the caller frees. Returns 0, -ENOMEM, or
 * -EMSGSIZE: longer than `max`.
 */
int json_print_finish(JsonPrinter *printer, char **ret, size_t *ret_length);

void json_print_open(JsonPrinter *printer, char bracket);
void json_print_close(JsonPrinter *printer, char bracket);
/*
 * Print the name of a member; its value follows. json_print_name() does not escape it: for
 * literals.
 */
void json_print_name(JsonPrinter *printer, const char *name);
void json_print_key(JsonPrinter *printer, const char *key);

void json_print_string(JsonPrinter *printer, const char *s);
void json_print_uint(JsonPrinter *printer, uint64_t value);
void json_print_int(JsonPrinter *printer, int64_t value);
void json_print_double(JsonPrinter *printer, double value); /* finite */
void json_print_bool(JsonPrinter *printer, bool value);
