/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The cost of the same calls in a SIP proxy: Kamailio, with the state of each transaction, between
 * two sipp. Neither is needed to build or test Tring.
 */

#include "rig/rig.h"

typedef struct SipResult {
        double rate;   /* calls a second, as many as the proxy handled */
        double cpu_us; /* Kamailio's processor time per call, all processes */
} SipResult;

/* Returns false, after printing so, if Kamailio or sipp is not installed. */
bool sip_peer_measure(Rig *rig, SipResult *ret);
