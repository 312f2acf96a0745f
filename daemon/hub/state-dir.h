/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's state folder, and who has it: a hub that runs, or a verb that works on the database
 * itself, holds its lock.
 */

#define STATE_DATABASE "hub.db" /* in that folder */

/* `option` (--state), else $STATE_DIRECTORY, else $XDG_STATE_HOME/tring-hub. The caller frees. */
int state_dir_path(const char *option, char **ret, char **ret_text);

/* Makes the folder (0700) with its parents, and the lock's file. *ret_text has the sentence. */
int state_dir_prepare(const char *folder, int *ret_lock_fd, char **ret_text);

/* Returns 0, or -EWOULDBLOCK when somebody else has it. */
int state_dir_lock(int lock_fd);
