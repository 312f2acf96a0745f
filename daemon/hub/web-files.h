/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of one folder, read when the hub starts or is told to read them again, and held in
 * memory under their names. Replies that are on their way keep the files that they began with. A
 * request can get one of these and nothing else, whatever path it names. Subfolders, hidden files
 * and types that no page needs are left out.
 */

#include <stddef.h>

#include "base/cleanup.h"

#define WEB_FILES_MAX 128            /* the page has about twenty */
#define WEB_FILE_MAX (1024UL * 1024) /* bytes; the longest file of the page has 30 kB */
#define WEB_TAG_MAX 40               /* bytes of an ETag, with its quotes */

typedef struct WebFile {
        char *name; /* owned */
        const char *type;
        unsigned char *content; /* owned */
        size_t length;
        char tag[WEB_TAG_MAX];
} WebFile;

typedef struct WebFiles {
        unsigned n_refs;
        WebFile files[WEB_FILES_MAX];
        size_t n_files;
} WebFiles;

/* The folder of `serve --web` without an argument: $TRING_WEB, or the installed one. */
const char *web_files_default(void);

/* Returns 0, or negative errno with a sentence in *ret_text. */
int web_files_read(const char *folder, WebFiles **ret, char **ret_text);
WebFiles *web_files_ref(WebFiles *files);
WebFiles *web_files_unref(WebFiles *files); /* NULL is allowed; returns NULL */
DEFINE_CLEANUP(WebFiles *, web_files_unref);

/* By the path of a URL; "/" is index.html. NULL: no such file. */
const WebFile *web_files_find(const WebFiles *files, const char *path);
