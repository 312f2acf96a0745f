/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads an INI file into a struct, by a table of its keys. Reports, with file and line, a section
 * or key that is not in the table, a value that is not valid, and a line that is too long.
 *
 * Lines may be indented. An indented line that begins no section or key is one more value of the
 * key above it: `set` is called again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"

#define INI_KEYS_MAX 32 /* in one table */

typedef struct IniKey IniKey;

struct IniKey {
        const char *section, *name;
        /* Stores `value` in the field `target`. Returns false if the value is not valid. */
        bool (*set)(const IniKey *key, void *target, const char *value);
        size_t offset, size;
        const char *wants; /* valid values, for the report: "yes or no"; NULL: by size, min, max */
        bool repeats;      /* may be given several times */
        uint32_t min, max; /* of a number; max 0: not a number */
};

typedef struct IniFile {
        const char *path;
        const IniKey *keys;
        size_t n_keys;
        void *target; /* the struct that the offsets belong to */
        void (*report)(const char *sentence, void *userdata);
        void *userdata;

        FILE *file;
        unsigned line;
        unsigned lines[INI_KEYS_MAX]; /* line that last set each key; 0: not set */
        int n_wrong;                  /* number of reports so far */
} IniFile;

/*
 * Returns 0, -EINVAL if the file has errors, or the error of open; all are reported. On an error
 * the target may have been written in part.
 */
int ini_file_read(IniFile *ini);

/* Reports an error that the owner has found. `line` 0: it concerns the whole file. */
void ini_file_wrong(IniFile *ini, unsigned line, const char *format, ...) _printf_(3, 4);

/* The line that last set the key; 0: not set. */
unsigned ini_file_line(const IniFile *ini, const char *name);

static inline void *ini_key_target(const IniKey *key, void *target)
{
        return (char *)target + key->offset;
}
