/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What most of these tests begin with: a hub, and Alice and Bob logged in at desktops of their own.
 */

#include "rig/desktop.h"

typedef struct Pair {
        Rig *rig;
        Hub *hub;
        Desktop *alice, *bob;
} Pair;

static inline Pair pair_new(void)
{
        Pair pair = {.rig = rig_new()};

        pair.hub = hub_new(pair.rig);
        pair.alice = desktop_new_online(pair.rig, pair.hub, "alice");
        pair.bob = desktop_new_online(pair.rig, pair.hub, "bob");
        return pair;
}

static inline void pair_done(Pair *pair)
{
        desktop_free(pair->alice);
        desktop_free(pair->bob);
        hub_free(pair->hub);
        rig_free(pair->rig);
}

#define _cleanup_pair_ _cleanup_(pair_done)
