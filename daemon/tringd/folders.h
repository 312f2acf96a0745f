/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The folders of tringd: $XDG_STATE_HOME/tring (token, history), $XDG_RUNTIME_DIR/tring (sockets of
 * workers), $XDG_CONFIG_HOME/tring/tringd.conf. The first two are made, mode 0700. A path that
 * cannot be used is left NULL and explained in `problem`: the daemon runs without it.
 */

#include "base/cleanup.h"

typedef struct Folders {
        char *state;       /* an existing folder, or NULL */
        char *runtime;     /* an existing folder, or NULL */
        char *settings;    /* path of tringd.conf, which need not exist, or NULL */
        char *credentials; /* path of the token file, or NULL */
        char *history;     /* path of the database, or NULL */
        char *problem;     /* a sentence, or NULL */
} Folders;

/* Returns 0 or -ENOMEM. */
int folders_init(Folders *folders);
void folders_done(Folders *folders);
