/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

typedef struct Scanner {
        const char *start, *at, *end;
        const JsonLimits *limits;
        unsigned depth, values;
        char *text;
} Scanner;

static int scan_value(Scanner *s);

__attribute__((format(printf, 2, 3))) static int refuse(Scanner *s, const char *format, ...)
{
        va_list arguments;
        int n = snprintf(s->text, JSON_TEXT_MAX + 1, "byte %zu: ", (size_t)(s->at - s->start));

        va_start(arguments, format);
        (void)vsnprintf(s->text + n, JSON_TEXT_MAX + 1 - (size_t)n, format, arguments);
        va_end(arguments);
        return -EBADMSG;
}

static int refuse_syntax(Scanner *s, const char *expected)
{
        if (s->at == s->end)
                return refuse(s, "not JSON: it ends where %s should follow", expected);

        unsigned char c = (unsigned char)*s->at;
        if (c > ' ' && c < 0x7f)
                return refuse(s, "not JSON: %s expected, not '%c'", expected, c);
        return refuse(s, "not JSON: %s expected, not byte 0x%02x", expected, c);
}

static void skip_space(Scanner *s)
{
        while (s->at < s->end &&
               (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
                s->at++;
}

static bool take(Scanner *s, char c)
{
        if (s->at == s->end || *s->at != c)
                return false;
        s->at++;
        return true;
}

static int hex_digit(char c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

/* Reads the four digits after \u; s->at is at the first. */
static int scan_hex4(Scanner *s, unsigned *ret)
{
        unsigned code = 0;

        for (int i = 0; i < 4; i++, s->at++) {
                int digit = s->at < s->end ? hex_digit(*s->at) : -1;

                if (digit < 0)
                        return refuse_syntax(s, "four hexadecimal digits after \\u");
                code = code << 4 | (unsigned)digit;
        }
        *ret = code;
        return 0;
}

static int scan_unicode_escape(Scanner *s)
{
        unsigned code = 0, low = 0;
        int r = scan_hex4(s, &code);

        if (r < 0)
                return r;
        if (code == 0)
                return refuse(s, "a string may not hold U+0000");
        if (code < 0xd800 || code > 0xdfff)
                return 0;
        if (code > 0xdbff || s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
                return refuse(s, "not JSON: half a surrogate pair");
        s->at += 2;
        r = scan_hex4(s, &low);
        if (r < 0)
                return r;
        if (low < 0xdc00 || low > 0xdfff)
                return refuse(s, "not JSON: half a surrogate pair");
        return 0;
}

static int scan_string(Scanner *s)
{
        int r = 0;

        if (!take(s, '"'))
                return refuse_syntax(s, "a string");
        while (r == 0) {
                while (s->at < s->end && *s->at != '"' && *s->at != '\\' &&
                       (unsigned char)*s->at >= ' ')
                        s->at++;
                if (take(s, '"'))
                        return 0;
                if (!take(s, '\\'))
                        return refuse_syntax(s, "the end of a string");
                if (s->at == s->end || !memchr("\"\\/bfnrtu", *s->at, 9))
                        return refuse_syntax(s, "an escape");
                if (*s->at++ == 'u')
                        r = scan_unicode_escape(s);
        }
        return r;
}

static int scan_digits(Scanner *s)
{
        const char *from = s->at;

        while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
                s->at++;
        return s->at > from ? 0 : refuse_syntax(s, "a digit");
}

static int scan_number(Scanner *s)
{
        int r = 0;

        (void)take(s, '-');
        if (!take(s, '0'))
                r = scan_digits(s);
        if (r == 0 && take(s, '.'))
                r = scan_digits(s);
        if (r == 0 && (take(s, 'e') || take(s, 'E'))) {
                if (!take(s, '+'))
                        (void)take(s, '-');
                r = scan_digits(s);
        }
        return r;
}

static int scan_literal(Scanner *s, const char *word)
{
        for (; *word; word++)
                if (!take(s, *word))
                        return refuse_syntax(s, "true, false or null");
        return 0;
}

static int scan_member(Scanner *s)
{
        skip_space(s);

        int r = scan_string(s);
        if (r < 0)
                return r;
        skip_space(s);
        if (!take(s, ':'))
                return refuse_syntax(s, "':'");
        return scan_value(s);
}

static int scan_list(Scanner *s, char end, unsigned max, int (*scan_item)(Scanner *))
{
        unsigned n = 0;

        if (s->depth == s->limits->nesting)
                return refuse(s, "nested deeper than %u", s->limits->nesting);
        s->depth++;
        s->at++;
        skip_space(s);
        if (!take(s, end)) {
                do {
                        if (++n > max)
                                return refuse(s, "an object with more than %u members", max);

                        int r = scan_item(s);
                        if (r < 0)
                                return r;
                        skip_space(s);
                } while (take(s, ','));
                if (!take(s, end))
                        return refuse_syntax(s, end == '}' ? "',' or '}'" : "',' or ']'");
        }
        s->depth--;
        return 0;
}

static int scan_value(Scanner *s)
{
        skip_space(s);
        if (++s->values > s->limits->values)
                return refuse(s, "more than %u values", s->limits->values);
        if (s->at == s->end)
                return refuse_syntax(s, "a value");

        switch (*s->at) {
        case '{':
                return scan_list(s, '}', s->limits->members, scan_member);
        case '[':
                return scan_list(s, ']', UINT32_MAX, scan_value);
        case '"':
                return scan_string(s);
        case 't':
                return scan_literal(s, "true");
        case 'f':
                return scan_literal(s, "false");
        case 'n':
                return scan_literal(s, "null");
        case '-':
        case '0' ... '9':
                return scan_number(s);
        default:
                return refuse_syntax(s, "a value");
        }
}

/*
 * Returns the length of an ASCII prefix. Looks at eight bytes at a time, since nearly all text is
 * ASCII.
 */
static size_t ascii_prefix(const char *s, size_t length)
{
        size_t i = 0;

        for (uint64_t word; i + sizeof(word) <= length; i += sizeof(word)) {
                memcpy(&word, s + i, sizeof(word));
                if (word & UINT64_C(0x8080808080808080))
                        break;
        }
        return i;
}

int json_check(const char *json, size_t length, const JsonLimits *limits,
               char text[static JSON_TEXT_MAX + 1])
{
        Scanner s = {
                .start = json, .at = json, .end = json + length, .limits = limits, .text = text};

        if (length > limits->length) {
                (void)snprintf(text, JSON_TEXT_MAX + 1,
                               "a message of %zu bytes: at most %zu are allowed", length,
                               limits->length);
                return -EMSGSIZE;
        }

        size_t ascii = ascii_prefix(json, length);
        if (!utf8_is_valid(json + ascii, length - ascii)) {
                (void)snprintf(text, JSON_TEXT_MAX + 1, "not valid UTF-8");
                return -EBADMSG;
        }

        int r = scan_value(&s);
        if (r < 0)
                return r;
        skip_space(&s);
        return s.at == s.end ? 0 : refuse_syntax(&s, "the end");
}
