/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A file that names a process, so that another program of the user can kill it later: by number
 * and by the time of its start, since numbers are used again.
 */

#include <sys/types.h>

/* Replaces the file. Returns 0 or negative errno. */
int pid_file_write(const char *path, pid_t pid);
/*
 * Returns a pidfd of the process that the file names, and its number, or negative errno (-ESRCH: it
 * has ended, or the number is another process's now).
 */
int pid_file_open(const char *path, pid_t *ret_pid);
