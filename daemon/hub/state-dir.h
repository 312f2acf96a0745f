/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub's state folder: which one it is, whose it is, and its lock. A running hub holds the lock,
 * and so does a verb that works on the database file without a hub.
 *
 * All files in it belong to the folder's owner. A program works in it only as that user; root
 * becomes that user first. A single file of another user would stop the hub at its next start.
 */

#include <stdbool.h>
#include <sys/types.h>

#define STATE_DATABASE "hub.db"               /* in that folder */
#define STATE_SYSTEM_DIR "/var/lib/tring-hub" /* StateDirectory= of tring-hub.service */

/* What the command line and the machine say of the folder. */
typedef struct StateChoice {
        const char *option;        /* --state; NULL: not given */
        bool system;               /* --system */
        const char *system_folder; /* STATE_SYSTEM_DIR */
        bool is_root;
} StateChoice;

/*
 * --state, else --system, else $STATE_DIRECTORY, else for root the system's folder if it has a hub,
 * else $XDG_STATE_HOME/tring-hub. The caller frees *ret.
 */
int state_dir_path(const StateChoice *choice, char **ret, char **ret_text);

/* Whether there is a database in the folder. */
bool state_dir_has_hub(const char *folder);

/*
 * "there is no hub in FOLDER", and where the system's is if that is another folder. `words` is the
 * command line, ending with NULL. NULL: out of memory.
 */
char *state_dir_no_hub(const char *folder, const char *system_folder, const char *const *words);

/*
 * Makes this process the owner of the folder if it is root and `may_become`, and does nothing if it
 * is the owner, or there is no such folder. Else fails with -EPERM and a sentence, in which `words`
 * is the command line to run as the owner.
 */
int state_dir_enter(const char *folder, bool may_become, const char *const *words, char **ret_text);

/*
 * Makes the folder (0700) with its parents, and the lock file. Fails with -EPERM if a file in it is
 * another user's. On failure *ret_text holds a sentence.
 */
int state_dir_prepare(const char *folder, int *ret_lock_fd, char **ret_text);

/* Returns 0, or -EWOULDBLOCK when another process holds the lock. */
int state_dir_lock(int lock_fd);
