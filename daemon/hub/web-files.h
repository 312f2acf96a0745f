/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of one folder, read once when the hub starts and kept in memory under their names: a
 * request can ask for one of these and for nothing else, whatever path it gives. Folders in it,
 * hidden files, and files of a kind that no page needs are not taken.
 */

#include <stddef.h>

#include "base/cleanup.h"

#define WEB_FILES_MAX 128            /* the page has about twenty */
#define WEB_FILE_MAX (1024UL * 1024) /* bytes; the longest of the page has 30 kB */
#define WEB_TAG_MAX 40               /* an ETag, with its quotes */

typedef struct WebFile {
        char *name; /* owned */
        const char *type;
        unsigned char *content; /* owned */
        size_t length;
        char tag[WEB_TAG_MAX];
} WebFile;

typedef struct WebFiles {
        WebFile files[WEB_FILES_MAX];
        size_t n_files;
} WebFiles;

/* What `serve --web` without a folder means: $TRING_WEB, or where it has been installed. */
const char *web_files_default(void);

/* Returns 0, or negative errno with a sentence in *ret_text. */
int web_files_read(const char *folder, WebFiles **ret, char **ret_text);
WebFiles *web_files_free(WebFiles *files);
DEFINE_CLEANUP(WebFiles *, web_files_free);

/* By the path of a URL; "/" is index.html. NULL: there is none. */
const WebFile *web_files_find(const WebFiles *files, const char *path);
