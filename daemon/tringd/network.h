/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reports when a reconnect is worth trying: the network is back (a new address or route), the
 * addresses of this machine have changed, or the machine has been asleep, after which a connection
 * that looks alive may be dead. Causes no wakeup while nothing happens.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct Network Network;

typedef struct NetworkEvents {
        void (*back)(void *userdata);
        /* `lost`: an address is gone, and with it the connections that used it. */
        void (*changed)(void *userdata, bool lost);
        void (*woke_up)(void *userdata);
} NetworkEvents;

int network_new(sd_event *event, const NetworkEvents *events, void *userdata, Network **ret);
Network *network_free(Network *network);
DEFINE_CLEANUP(Network *, network_free);

/*
 * Starts or stops `back` and `changed`. Without netlink they never come, and reconnects are left to
 * the back-off.
 */
void network_watch(Network *network, bool wanted);
