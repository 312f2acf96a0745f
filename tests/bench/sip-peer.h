/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a SIP proxy takes for the same: Kamailio, which keeps the state of each transaction, between
 * two sipp. Neither is needed to build or test Tring.
 */

#include "rig/rig.h"

typedef struct SipResult {
        double rate;   /* calls a second, as many as it took */
        double cpu_us; /* Kamailio's processor time a call, all processes */
} SipResult;

/* False when Kamailio or sipp is not installed, which it says. */
bool sip_peer_measure(Rig *rig, SipResult *ret);
