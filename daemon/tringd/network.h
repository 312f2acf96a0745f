/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Says when trying again is worth it: the network has come back (an address or a route is new), the
 * addresses of this machine are others, or it has been asleep, so that a connection that looks
 * alive may be long dead. None costs a wakeup while nothing happens.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct Network Network;

typedef struct NetworkEvents {
        void (*back)(void *userdata);
        /* `lost`: an address is gone, and with it whatever was connected by it. */
        void (*changed)(void *userdata, bool lost);
        void (*woke_up)(void *userdata);
} NetworkEvents;

int network_new(sd_event *event, const NetworkEvents *events, void *userdata, Network **ret);
Network *network_free(Network *network);
DEFINE_CLEANUP(Network *, network_free);

/*
 * `back` and `changed` are wanted or not. Where netlink cannot be had they never come: the back-off
 * still tries.
 */
void network_watch(Network *network, bool wanted);
