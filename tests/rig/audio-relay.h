/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A bad network between media workers on 127.0.0.1. It rewrites their candidates on the way, so
 * that each worker knows the others only by ports of this relay; packets between them go through
 * it, and arrive later, in another order, or not at all.
 */

#include <stdint.h>

#include "base/cleanup.h"

typedef struct RigRelay RigRelay;

/*
 * Packets take `delay_ms`, and up to `jitter_ms` more; a share `loss` (0…1) of them is lost, and
 * all that are larger than `widest` bytes (0: none), as on a path whose routers do not say how
 * narrow it is.
 */
typedef struct RigWeather {
        unsigned delay_ms, jitter_ms;
        double loss;
        size_t widest;
} RigWeather;

/* Starts with a perfect network; a seed always gives the same losses. 0 or negative errno. */
int rig_relay_new(uint64_t seed, RigRelay **ret);
RigRelay *rig_relay_free(RigRelay *relay);
DEFINE_CLEANUP(RigRelay *, rig_relay_free);

void rig_relay_set_weather(RigRelay *relay, const RigWeather *weather);

/*
 * Rewrites a worker's signal for the other one; the caller frees *ret. NULL: it must not arrive (a
 * candidate that would bypass the relay). Returns 0 or negative errno.
 */
int rig_relay_rewrite(RigRelay *relay, const char *data, char **ret);

/* Number of packets that have arrived through the relay. */
unsigned rig_relay_carried(const RigRelay *relay);
/* Number of packets that were too large for the weather. */
unsigned rig_relay_too_large(const RigRelay *relay);
