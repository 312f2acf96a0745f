/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads an INI file into a struct, by a table of its keys. One slip costs no other setting: what
 * cannot be understood is reported with file, line and key, and every other line counts.
 *
 *         [section]              names of sections and keys in any case, lines indented or not
 *         ; a comment            or #
 *         key = value            or key: value
 *         key = "a value"        or '…': blanks, ; and # in it are part of the value
 *         list = one             a key that takes several values may be given several times,
 *             two                or go on in indented lines
 *
 * A ; or # behind a blank begins a comment behind values that cannot contain one. In free text,
 * such as a path, it is an error until quotes say what is meant, so that nothing is cut unseen.
 *
 * The file is UTF-8, with or without a byte order mark, with LF or CRLF.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define INI_KEYS_MAX 32                   /* in one table */
#define INI_FILE_MAX (256 * (size_t)1024) /* bytes; every key and its manual take 4 kB */

typedef struct IniKey IniKey;

struct IniKey {
        const char *section, *name;
        /* Stores `value` in the field `target`. Returns false if the value is not valid. */
        bool (*set)(const IniKey *key, void *target, const char *value);
        size_t offset, size;
        const char *wants; /* valid values, for the report: "yes or no"; NULL: by size, min, max */
        bool is_list;      /* may be given several times */
        bool is_text;      /* may contain " ;" and " #" */
        uint32_t min, max; /* of a number; max 0: not a number */
        /*
         * Of a setting that protects: the value that counts while nobody can say what the file
         * wants, because the file, the line of the key or a line without a known key cannot be
         * read. Without a file the default counts.
         */
        const char *if_unreadable;
};

typedef struct IniFile {
        const char *path;
        const IniKey *keys;
        size_t n_keys;
        void *target; /* the struct that the offsets belong to */
        void (*report)(const char *sentence, void *userdata);
        void *userdata;

        /* Results. */
        int n_wrong;                     /* number of reports so far */
        unsigned lines[INI_KEYS_MAX];    /* line that last set each key; 0: not set */
        bool is_protected[INI_KEYS_MAX]; /* `if_unreadable` counts, and changes something */
        /* While reading. */
        const char *section; /* of the table, or NULL */
        const IniKey *last;  /* key of the line before, or NULL */
        unsigned line;
        bool in_section, has_unknown_line;
        bool is_unclear[INI_KEYS_MAX]; /* the key is there, but not what it wants */
} IniFile;

/*
 * Returns 0; -EINVAL if some lines are wrong, and the others are stored; -ENOENT if there is no
 * file; another negative errno if it cannot be read. All but 0 are reported.
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
