/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-print.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/str.h"

#define NUMBER_MAX 32 /* bytes of a printed number; %.15g needs 22 */

void json_print_init(JsonPrinter *printer, size_t headroom, size_t max)
{
        printer->buffer = printer->first;
        printer->allocated = sizeof(printer->first);
        printer->used = printer->headroom = headroom;
        printer->max = max;
        printer->comma = false;
        printer->error = 0;
}

void json_print_done(JsonPrinter *printer)
{
        if (printer->buffer != printer->first)
                free(printer->buffer);
        printer->buffer = printer->first;
        printer->error = -ECANCELED;
}

/* Grows the buffer and keeps its text. */
static int move(JsonPrinter *printer, size_t size)
{
        bool is_first = printer->buffer == printer->first;
        char *buffer = realloc(is_first ? NULL : printer->buffer, size);

        if (!buffer)
                return printer->error = -ENOMEM;
        if (is_first)
                memcpy(buffer + printer->headroom, printer->first + printer->headroom,
                       printer->used - printer->headroom);
        printer->buffer = buffer;
        printer->allocated = size;
        return 0;
}

/* Makes room for `n` bytes and a NUL. Returns NULL after an error. */
static char *reserve(JsonPrinter *printer, size_t n)
{
        if (printer->error < 0)
                return NULL;
        if (n > printer->max - (printer->used - printer->headroom)) {
                printer->error = -EMSGSIZE;
                return NULL;
        }

        size_t needed = printer->used + n + 1;
        if (needed > printer->allocated &&
            move(printer, MAX_OF(needed, 2 * printer->allocated)) < 0)
                return NULL;
        return printer->buffer + printer->used;
}

static void put(JsonPrinter *printer, const char *s, size_t length)
{
        char *at = reserve(printer, length);

        if (!at)
                return;
        memcpy(at, s, length);
        printer->used += length;
}

static void put_char(JsonPrinter *printer, char c)
{
        put(printer, &c, 1);
}

/* Called before a value: writes the comma after the previous one, if any. */
static void separate(JsonPrinter *printer)
{
        if (printer->comma)
                put_char(printer, ',');
        printer->comma = true;
}

int json_print_finish(JsonPrinter *printer, char **ret, size_t *ret_length)
{
        if (printer->error == 0 && !reserve(printer, 0))
                return printer->error;
        if (printer->error == 0 && printer->buffer == printer->first)
                (void)move(printer, printer->used + 1);
        if (printer->error < 0)
                return printer->error;
        printer->buffer[printer->used] = '\0';
        if (ret_length)
                *ret_length = printer->used - printer->headroom;
        *ret = TAKE_PTR(printer->buffer);
        return 0;
}

void json_print_open(JsonPrinter *printer, char bracket)
{
        separate(printer);
        put_char(printer, bracket);
        printer->comma = false;
}

void json_print_close(JsonPrinter *printer, char bracket)
{
        put_char(printer, bracket);
        printer->comma = true;
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Returns non-zero when some byte of the word is below `low`. */
static uint64_t bytes_below(uint64_t word, unsigned char low)
{
        return (word - EACH_BYTE(low)) & ~word & EACH_BYTE(0x80);
}

static bool needs_escape(unsigned char c)
{
        return c < ' ' || c == '"' || c == '\\';
}

/*
 * Returns the length of the prefix that needs no escape: it ends at the first control character
 * (C0), quote or backslash (RFC 8259, section 7; DEL needs no escape). Looks at eight bytes at a
 * time, since few texts need an escape.
 */
static size_t plain_run(const char *s, size_t length)
{
        size_t i = 0;

        for (uint64_t word; i + sizeof(word) <= length; i += sizeof(word)) {
                memcpy(&word, s + i, sizeof(word));
                if (bytes_below(word, ' ') | bytes_below(word ^ EACH_BYTE('"'), 1) |
                    bytes_below(word ^ EACH_BYTE('\\'), 1))
                        break;
        }
        while (i < length && !needs_escape((unsigned char)s[i]))
                i++;
        return i;
}

static void put_escape(JsonPrinter *printer, char c)
{
        static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
        const char *found = strchr(from, c);
        char escape[8];

        if (found) {
                put(printer, (char[]){'\\', to[found - from]}, 2);
                return;
        }
        int n = snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(unsigned char)c);
        put(printer, escape, (size_t)n);
}

static void put_quoted(JsonPrinter *printer, const char *s)
{
        const char *end = s + strlen(s);

        put_char(printer, '"');
        for (;;) {
                size_t run = plain_run(s, (size_t)(end - s));

                put(printer, s, run);
                s += run;
                if (s == end)
                        break;
                put_escape(printer, *s++);
        }
        put_char(printer, '"');
}

void json_print_key(JsonPrinter *printer, const char *key)
{
        separate(printer);
        put_quoted(printer, key);
        put_char(printer, ':');
        printer->comma = false;
}

void json_print_name(JsonPrinter *printer, const char *name)
{
        size_t length = strlen(name);
        char *at = reserve(printer, length + 3 + printer->comma);

        if (!at)
                return;
        if (printer->comma)
                *at++ = ',';
        *at++ = '"';
        memcpy(at, name, length);
        memcpy(at + length, "\":", 2);
        printer->used += length + 3 + printer->comma;
        printer->comma = false;
}

void json_print_string(JsonPrinter *printer, const char *s)
{
        separate(printer);
        put_quoted(printer, s);
}

void json_print_uint(JsonPrinter *printer, uint64_t value)
{
        char digits[NUMBER_MAX];
        size_t at = sizeof(digits);

        separate(printer);
        do
                digits[--at] = (char)('0' + value % 10);
        while (value /= 10);
        put(printer, digits + at, sizeof(digits) - at);
}

void json_print_int(JsonPrinter *printer, int64_t value)
{
        if (value >= 0) {
                json_print_uint(printer, (uint64_t)value);
                return;
        }
        separate(printer);
        put_char(printer, '-');
        printer->comma = false;
        json_print_uint(printer, -(uint64_t)value);
}

void json_print_double(JsonPrinter *printer, double value)
{
        char number[NUMBER_MAX];
        int n = snprintf(number, sizeof(number), "%.15g", value);

        /* The programs never call setlocale(), but a library might. */
        for (char *c = number; *c; c++)
                if (*c == ',')
                        *c = '.';
        separate(printer);
        put(printer, number, (size_t)n);
}

void json_print_bool(JsonPrinter *printer, bool value)
{
        separate(printer);
        put(printer, value ? "true" : "false", value ? 4 : 5);
}
