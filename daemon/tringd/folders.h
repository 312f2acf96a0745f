/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The folders of tringd: $XDG_STATE_HOME/tring (token, history), $XDG_RUNTIME_DIR/tring (sockets of
 * workers), $XDG_CONFIG_HOME/tring/tringd.conf. The first two are made, mode 0700. A path that
 * cannot be used is left NULL and explained in `problem`: the daemon runs without it.
 */

#include "base/cleanup.h"

typedef struct Folders {
        char *state;       /* a folder that is there, or NULL */
        char *runtime;     /* likewise */
        char *settings;    /* the file's path, whether it is there or not, or NULL */
        char *credentials; /* path of the token file, or NULL */
        char *history;     /* path of the database, or NULL */
        char *problem;     /* a sentence, or NULL */
} Folders;

/* Returns 0 or -ENOMEM. */
int folders_init(Folders *folders);
void folders_done(Folders *folders);
