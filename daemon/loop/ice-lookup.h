/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Looks up the names of STUN and TURN servers for a media worker, which may not ask for them: that
 * takes other sockets (nss-resolve, nscd), and what it asks for would be up to strangers.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "model/message.h"

/* A call must not wait for long for a name server; whoever has no relay by then does without. */
#define ICE_LOOKUP_MAX_US (3 * USEC_PER_SEC)

typedef struct IceLookup IceLookup;

bool ice_lookup_is_needed(const IceServer *servers, size_t n);

/*
 * Puts an address in place of each name, by which the servers are then reached; leaves out servers
 * without one, and says so in the log. `done` follows from the loop, once, and may free the lookup.
 * The servers stay where they are until then. Returns 0 or negative errno.
 */
int ice_lookup_new(sd_event *event, IceServer *servers, size_t *n, void (*done)(void *userdata),
                   void *userdata, IceLookup **ret);
IceLookup *ice_lookup_free(IceLookup *lookup); /* `done` does not follow */
DEFINE_CLEANUP(IceLookup *, ice_lookup_free);
