/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Connections on the bus that something here depends on: whoever has listeners, or calls that are
 * tied to their caller. When one goes, the daemon is told once.
 *
 * On a bus that is no message bus (a socketpair in tests) there is one peer and nothing to watch.
 */

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "base/str.h"

typedef struct Owners Owners;

typedef struct OwnersEvents {
        void (*gone)(void *userdata, const char *owner);
        /* It exists: the answer to owners_check(). */
        void (*exists)(void *userdata, const char *owner);
} OwnersEvents;

int owners_new(sd_bus *bus, const OwnersEvents *events, void *userdata, Owners **ret);
Owners *owners_free(Owners *owners);
DEFINE_CLEANUP(Owners *, owners_free);

/* Watches a connection from now on; again does nothing. */
int owners_watch(Owners *owners, const char *owner);
/* Watches it, and asks the bus whether it still exists: `exists` or `gone` follows. */
int owners_check(Owners *owners, const char *owner);
