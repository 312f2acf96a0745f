/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A bad network between media workers that talk by 127.0.0.1: their candidates are rewritten on
 * their way, so that each knows the others only by ports of this relay, and whatever they say to
 * one another goes through it: later, in another order, or not at all.
 */

#include <stdint.h>

#include "base/cleanup.h"

typedef struct RigRelay RigRelay;

/* Each packet takes `delay_ms`, and up to `jitter_ms` more; `loss` (0…1) of them are lost. */
typedef struct RigWeather {
        unsigned delay_ms, jitter_ms;
        double loss;
} RigWeather;

/* Fine weather at first. The same seed, the same dice. Returns 0 or negative errno. */
int rig_relay_new(uint64_t seed, RigRelay **ret);
RigRelay *rig_relay_free(RigRelay *relay);
DEFINE_CLEANUP(RigRelay *, rig_relay_free);

void rig_relay_set_weather(RigRelay *relay, const RigWeather *weather);

/*
 * What a worker's signal becomes on its way to the other one; the caller frees *ret. NULL: it is
 * not to arrive (a candidate that would lead past the relay). Returns 0 or negative errno.
 */
int rig_relay_rewrite(RigRelay *relay, const char *data, char **ret);

/* Packets that arrived through it up to now. */
unsigned rig_relay_carried(const RigRelay *relay);
