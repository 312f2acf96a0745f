/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A small file that one user's programs write for themselves: of mode 0600, and replaced by rename.
 * It is believed only if nobody else can have written or read it, and links are not followed.
 */

#include <stddef.h>

/*
 * Reads the whole file into `buffer`, which it ends with NUL. Returns 0; -EPERM, with a sentence in
 * *ret_text that names the file and says what about it is wrong (the caller frees it); -E2BIG; or
 * the errno of open or read.
 */
int private_file_read(const char *path, char *buffer, size_t size, char **ret_text);

/* Returns 0 or negative errno; after an error the file that was there is there still. */
int private_file_write(const char *path, const char *text);
