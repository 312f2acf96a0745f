/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's state folder and its lock. A running hub holds the lock, and so does a verb that works
 * on the database file without a hub.
 */

#define STATE_DATABASE "hub.db" /* in that folder */

/*
 * `option` (--state), else $STATE_DIRECTORY, else $XDG_STATE_HOME/tring-hub. The caller frees *ret.
 */
int state_dir_path(const char *option, char **ret, char **ret_text);

/*
 * Makes the folder (0700) with its parents, and the lock file. On failure *ret_text holds a
 * sentence.
 */
int state_dir_prepare(const char *folder, int *ret_lock_fd, char **ret_text);

/* Returns 0, or -EWOULDBLOCK when another process holds the lock. */
int state_dir_lock(int lock_fd);
