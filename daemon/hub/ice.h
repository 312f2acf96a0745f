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
 * `ret` has room for ICE_SERVERS_MAX; `date` is CLOCK_REALTIME. The user name of a TURN server is
 * the date until which it is good: the exchange adds whose it is. *ret_secret is for ice_sign(),
 * and freed by secret_free(); NULL: there are no TURN servers. Returns 0, or negative errno with a
 * sentence in *ret_text: the secret's file cannot be read.
 */
int ice_servers(const Config *config, usec_t date, IceServer *ret, size_t *ret_n, char **ret_secret,
                char **ret_text);
/* Adds the credential to each that has a user name. Returns 0 or -ENOMEM. */
int ice_sign(const char *secret, IceServer *servers, size_t n);
