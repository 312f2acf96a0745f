/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The folders of tringd: $XDG_STATE_HOME/tring (token, history; machine.h says which folder in it
 * this computer has), $XDG_RUNTIME_DIR/tring (sockets of workers),
 * $XDG_CONFIG_HOME/tring/tringd.conf. The first two are made, mode 0700. A path that cannot be used
 * is left NULL and explained in `problem`: the daemon runs without it.
 *
 * One state folder has one tringd, which holds its lock. A user may have several session buses, and
 * so several tringds; those that find the folder locked have no state.
 */

#include <stdbool.h>

#include "base/cleanup.h"

typedef struct Folders {
        char *base;     /* $XDG_STATE_HOME/tring, or NULL */
        char *runtime;  /* an existing folder, or NULL */
        char *settings; /* path of tringd.conf, which need not exist, or NULL */
        char *problem;  /* a sentence, or NULL */
        /* from folders_take_state() on */
        char *state;       /* an existing folder, or NULL */
        char *credentials; /* path of the token file, or NULL */
        char *history;     /* path of the database, or NULL */
        bool foreign;      /* `base` is another computer's, and `state` a folder below it */
        int lock_fd;       /* -1: none */
} Folders;

/* Returns 0 or -ENOMEM. */
int folders_init(Folders *folders);
/*
 * Takes the state folder of the computer `machine` (machine_id()), and its lock. Call it as the
 * owner of the bus name: a tringd that is about to find that it has none must not hold the lock.
 * Waits for a moment while another tringd holds it, which may be ending. Returns 0 or -ENOMEM.
 */
int folders_take_state(Folders *folders, const char *machine);
void folders_done(Folders *folders);
