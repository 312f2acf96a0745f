/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads an INI file into a struct by a table of its keys. A section or key that is not in the
 * table, a value that does not fit, or a line that is too long is reported with file and line.
 *
 * A line may be indented. A further line without `=` continues the value of the key above it: the
 * key is set again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"

#define INI_KEYS_MAX 32 /* of a table */

typedef struct IniKey IniKey;

struct IniKey {
        const char *section, *name;
        /* Returns false if the value does not fit. `target` is the field. */
        bool (*set)(const IniKey *key, void *target, const char *value);
        size_t offset, size;
        const char *wants; /* "yes or no", for the report; NULL: derived from what follows */
        bool repeats;      /* may be set several times */
        uint32_t min, max; /* of a number; max 0: no number */
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
        unsigned lines[INI_KEYS_MAX]; /* where each key was set last; 0: nowhere */
        int n_wrong;                  /* reports so far */
} IniFile;

/*
 * Returns 0, -EINVAL if something was wrong, or the error of open; each is reported. The target may
 * have been written in part.
 */
int ini_file_read(IniFile *ini);

/* Reports an error that the owner found; line 0: in the file as a whole. */
void ini_file_wrong(IniFile *ini, unsigned line, const char *format, ...) _printf_(3, 4);

/* The line that set the key, or 0. */
unsigned ini_file_line(const IniFile *ini, const char *name);

static inline void *ini_key_target(const IniKey *key, void *target)
{
        return (char *)target + key->offset;
}
