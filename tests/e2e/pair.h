/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The set-up of most tests: a hub, and Alice and Bob, each logged in at a desktop. */

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

/* Alice calls Bob from another program of hers, which the call is tied to; it rings at Bob's. */
static inline Client *pair_call_tied(const Pair *pair, HeardSignal **ret_incoming)
{
        const Environment *environment = &pair->alice->environment;
        Client *program =
                client_new(pair->rig, environment_get(environment, "DBUS_SESSION_BUS_ADDRESS"));

        client_do(program, TRING_ROOT, TRING_MANAGER, "InitiateCall", "sssa{sv}", "bob", "user",
                  "audio", 1, "tie_to_client", "b", true);
        *ret_incoming = client_wait_signal(pair->bob->client, "IncomingCallReceived", NULL);
        return program;
}
