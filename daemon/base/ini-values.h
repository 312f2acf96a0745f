/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kinds of values in settings files, for the `set` of an IniKey. */

#include "base/ini-table.h"

#define INI_WANTS_BOOL "yes or no" /* and the other words of bool_from_word() */
#define INI_WANTS_SHARE "a share: 0 to 1, or 0% to 100%"
#define INI_WANTS_PATH "an absolute path, or one that begins with ~/"

/* yes, true, on, y, t, 1, and no, false, off, n, f, 0, in any case. Returns 0 or -EINVAL. */
int bool_from_word(const char *word, bool *ret);

/* 0.5, 0,5, .5, 50% or 50 %: a decimal point or comma, whatever the locale. */
int share_from_text(const char *text, double *ret);

/* Decimal digits, at most `max_digits`. */
bool number_from_text(const char *text, size_t max_digits, uint32_t *ret);

bool ini_set_bool(const IniKey *key, void *target, const char *value);   /* bool */
bool ini_set_share(const IniKey *key, void *target, const char *value);  /* double */
bool ini_set_number(const IniKey *key, void *target, const char *value); /* uint32_t */
/* char[size]: text without control characters. */
bool ini_set_text(const IniKey *key, void *target, const char *value);
/* The same for a path; ~/ at its beginning becomes $HOME. */
bool ini_set_path(const IniKey *key, void *target, const char *value);
bool ini_set_absolute_path(const IniKey *key, void *target, const char *value);
