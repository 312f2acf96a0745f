/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define UID_CHARACTERS               \
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
        "abcdefghijklmnopqrstuvwxyz" \
        "0123456789._@+-"

static char small(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq_any_case(const char *a, const char *b)
{
        while (*a && small(*a) == small(*b)) {
                a++;
                b++;
        }
        return small(*a) == small(*b);
}

int str_copy(char *buffer, size_t size, const char *s)
{
        size_t length = strlen(s);

        if (length >= size)
                return -E2BIG;
        memcpy(buffer, s, length + 1);
        return 0;
}

bool uid_is_valid(const char *s)
{
        if (str_empty(s))
                return false;
        size_t length = strspn(s, UID_CHARACTERS);

        return s[length] == '\0' && length <= UID_MAX;
}

bool uuid_is_valid(const char *s)
{
        if (!s || strnlen(s, UUID_LENGTH + 1) != UUID_LENGTH)
                return false;

        for (size_t i = 0; i < UUID_LENGTH; i++) {
                if (i == 8 || i == 13 || i == 18 || i == 23) {
                        if (s[i] != '-')
                                return false;
                } else if (!strchr("0123456789abcdef", s[i])) {
                        return false;
                }
        }
        return true;
}

/* Length of the well-formed UTF-8 sequence at s, or 0 (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *s, size_t left, uint32_t *ret_code_point)
{
        static const struct {
                unsigned char first, last, low, high, length;
        } forms[] = {
                {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
                {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
                {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
                {0xf4, 0xf4, 0x80, 0x8f, 4},
        };
        static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

        for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
                if (s[0] < forms[f].first || s[0] > forms[f].last)
                        continue;
                if (forms[f].length > left)
                        return 0;
                uint32_t code_point = s[0] & lead_mask[forms[f].length];
                for (size_t i = 1; i < forms[f].length; i++) {
                        unsigned char low = i == 1 ? forms[f].low : 0x80;
                        unsigned char high = i == 1 ? forms[f].high : 0xbf;
                        if (s[i] < low || s[i] > high)
                                return 0;
                        code_point = code_point << 6 | (s[i] & 0x3f);
                }
                *ret_code_point = code_point;
                return forms[f].length;
        }
        return 0;
}

static bool is_control(uint32_t code_point)
{
        return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

/* Separators, and what changes the writing direction until something else ends it. */
static bool breaks_line(uint32_t code_point)
{
        return (code_point >= 0x2028 && code_point <= 0x202e) ||
               (code_point >= 0x2066 && code_point <= 0x2069);
}

/*
 * Characters that nobody sees, which make two texts look alike. Joiners and direction marks have
 * their use, but not right behind a Latin letter or a digit: `before` is the character there.
 */
static bool is_hidden(uint32_t code_point, uint32_t before)
{
        if (code_point == 0x61c || (code_point >= 0x200c && code_point <= 0x200f))
                return (before >= '0' && before <= '9') || (before >= 'A' && before <= 'Z') ||
                       (before >= 'a' && before <= 'z');
        return code_point == 0xad || code_point == 0x180e || code_point == 0x200b ||
               (code_point >= 0x2060 && code_point <= 0x2064) || code_point == 0xfeff;
}

/* Blanks, and what has no width or no ink. */
static bool is_invisible(uint32_t code_point)
{
        static const struct {
                uint32_t first, last;
        } ranges[] = {
                {0x20, 0x20},     {0xa0, 0xa0},     {0xad, 0xad},       {0x34f, 0x34f},
                {0x61c, 0x61c},   {0x115f, 0x1160}, {0x1680, 0x1680},   {0x17b4, 0x17b5},
                {0x180b, 0x180f}, {0x2000, 0x200f}, {0x2028, 0x202f},   {0x205f, 0x206f},
                {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},
                {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xe0000, 0xe0fff},
        };

        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
                if (code_point >= ranges[i].first && code_point <= ranges[i].last)
                        return true;
        return false;
}

bool utf8_is_valid(const char *s, size_t length)
{
        for (size_t i = 0; i < length;) {
                uint32_t code_point;
                size_t n = utf8_sequence((const unsigned char *)s + i, length - i, &code_point);

                if (n == 0)
                        return false;
                i += n;
        }
        return true;
}

bool text_is_valid(const char *s, size_t max)
{
        size_t length = strnlen(s, max + 1);

        if (length > max)
                return false;
        for (size_t i = 0; i < length;) {
                uint32_t code_point;
                size_t n = utf8_sequence((const unsigned char *)s + i, length - i, &code_point);

                if (n == 0 || is_control(code_point))
                        return false;
                i += n;
        }
        return true;
}

bool name_is_valid(const char *s, size_t max)
{
        bool visible = false;
        unsigned open_isolates = 0;
        uint32_t before = 0;

        if (!text_is_valid(s, max))
                return false;
        for (size_t i = 0, length = strlen(s); i < length;) {
                uint32_t code_point = 0;

                i += utf8_sequence((const unsigned char *)s + i, length - i, &code_point);
                if (is_hidden(code_point, before))
                        return false;
                before = code_point;
                visible = visible || !is_invisible(code_point);
                if (code_point >= 0x2066 && code_point <= 0x2068)
                        open_isolates++;
                else if (code_point == 0x2069 ? open_isolates-- == 0 : breaks_line(code_point))
                        return false;
        }
        return visible && open_isolates == 0;
}

const char *str_printable(char *buffer, size_t size, const char *s)
{
        static const char ellipsis[] = "…";
        size_t length = strlen(s), used = 0, fits = 0;
        uint32_t before = 0;

        for (size_t i = 0; i < length;) {
                uint32_t code_point = 0;
                size_t n = utf8_sequence((const unsigned char *)s + i, length - i, &code_point);
                bool printable = n > 0 && !is_control(code_point) && !breaks_line(code_point) &&
                                 !is_hidden(code_point, before);
                size_t width = printable ? n : 1;

                before = code_point;

                if (used + width >= size) {
                        if (fits + sizeof(ellipsis) <= size) {
                                memcpy(buffer + fits, ellipsis, sizeof(ellipsis));
                                return buffer;
                        }
                        break;
                }
                if (printable)
                        memcpy(buffer + used, s + i, n);
                else
                        buffer[used] = '?';
                used += width;
                if (used + sizeof(ellipsis) <= size)
                        fits = used;
                i += n > 0 ? n : 1;
        }
        buffer[used] = '\0';
        return buffer;
}

void hex_encode(const void *bytes, size_t length, char *ret)
{
        static const char digits[] = "0123456789abcdef";
        const unsigned char *b = bytes;

        for (size_t i = 0; i < length; i++) {
                ret[2 * i] = digits[b[i] >> 4];
                ret[2 * i + 1] = digits[b[i] & 0xf];
        }
        ret[2 * length] = '\0';
}

char *str_printf(const char *format, ...)
{
        char *s = NULL;
        va_list arguments;

        va_start(arguments, format);
        int r = vasprintf(&s, format, arguments);
        va_end(arguments);
        return r < 0 ? NULL : s;
}
