/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads a secret of one line (a token) from a file, or from standard input if the path is "-".
 * Refuses a file that other users may read, because they may know its content.
 *
 * Drops blanks and line ends around the secret. The caller frees *ret by secret_free(). Returns 0,
 * -ENOMEM, -EPERM (others may read it), -ENODATA (empty), -E2BIG (longer than `max` bytes), -EINVAL
 * (not one line of printable ASCII), or the error of open or read. On an error `text` is a sentence
 * that names the file.
 */

#include <stddef.h>

#include "base/cleanup.h"

#define SECRET_TEXT_MAX 256

int secret_file_read(const char *path, size_t max, char **ret, char text[static SECRET_TEXT_MAX]);

/* Wipes and frees the secret. Returns NULL. */
char *secret_free(char *secret);
DEFINE_CLEANUP(char *, secret_free);
