/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ini-values.h"

#include <errno.h>
#include <limits.h>

#include "base/str.h"

#define SHARE_DIGITS_MAX 9 /* exact in a double */

int bool_from_word(const char *word, bool *ret)
{
        static const char *const words[][2] = {
                {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"n", "y"}, {"f", "t"}, {"0", "1"},
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                for (int yes = 0; yes <= 1; yes++)
                        if (str_eq_any_case(words[i][yes], word)) {
                                *ret = yes;
                                return 0;
                        }
        return -EINVAL;
}

bool number_from_text(const char *text, size_t max_digits, uint32_t *ret)
{
        size_t digits = strspn(text, "0123456789");

        if (digits == 0 || digits > max_digits || text[digits])
                return false;
        *ret = (uint32_t)strtoul(text, NULL, 10);
        return true;
}

/* Reads digits, and counts them. */
static const char *read_digits(const char *p, double *value, size_t *n)
{
        for (; *p >= '0' && *p <= '9'; p++, (*n)++)
                *value = 10 * *value + (*p - '0');
        return p;
}

int share_from_text(const char *text, double *ret)
{
        double value = 0, scale = 1;
        size_t n = 0;

        text = read_digits(text, &value, &n);
        size_t n_whole = n;
        if (*text == '.' || *text == ',')
                text = read_digits(text + 1, &value, &n);
        if (n == 0 || n > SHARE_DIGITS_MAX)
                return -EINVAL;
        for (; n > n_whole; n--)
                scale *= 10;
        text += strspn(text, " ");
        if (*text == '%') {
                scale *= 100;
                text++;
        }
        value /= scale;
        if (*text || value > 1)
                return -EINVAL;
        *ret = value;
        return 0;
}

bool ini_set_bool(const IniKey *key, void *target, const char *value)
{
        return bool_from_word(value, target) >= 0;
}

bool ini_set_share(const IniKey *key, void *target, const char *value)
{
        return share_from_text(value, target) >= 0;
}

bool ini_set_number(const IniKey *key, void *target, const char *value)
{
        uint32_t number;

        if (!number_from_text(value, 9, &number) || number < key->min || number > key->max)
                return false;
        *(uint32_t *)target = number;
        return true;
}

bool ini_set_text(const IniKey *key, void *target, const char *value)
{
        return !str_empty(value) && text_is_valid(value, key->size - 1) &&
               str_copy(target, key->size, value) >= 0;
}

bool ini_set_path(const IniKey *key, void *target, const char *value)
{
        const char *home = getenv("HOME");
        char whole[PATH_MAX];

        if (strncmp(value, "~/", 2) != 0)
                return ini_set_text(key, target, value);
        if (!home || home[0] != '/')
                return false;
        int n = snprintf(whole, sizeof(whole), "%s%s", home, value + 1);
        return (size_t)n < sizeof(whole) && ini_set_text(key, target, whole);
}

bool ini_set_absolute_path(const IniKey *key, void *target, const char *value)
{
        return (value[0] == '/' || strncmp(value, "~/", 2) == 0) &&
               ini_set_path(key, target, value);
}
