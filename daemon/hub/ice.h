/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The STUN and TURN servers that are handed out with every join. For TURN, user name and password
 * are made from a secret shared with the TURN server and are good for some hours
 * (draft-uberti-behave-turn-rest-00; coturn's use-auth-secret).
 */

#include "hub/config.h"

#define ICE_CREDENTIALS_S (12 * 3600) /* a long call may have to join again */
#define ICE_REFRESH_S 3600            /* so that nobody gets one that is nearly over */

/*
 * `ret` has room for ICE_SERVERS_MAX; `date` is CLOCK_REALTIME. Returns 0, or negative errno with a
 * sentence in *ret_text: the secret's file cannot be read.
 */
int ice_servers(const Config *config, usec_t date, IceServer *ret, size_t *ret_n, char **ret_text);
