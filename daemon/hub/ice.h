/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The STUN and TURN servers that the hub hands out with every join. For TURN, user name and
 * password are derived from a secret shared with the TURN server and valid for some hours
 * (draft-uberti-behave-turn-rest-00; coturn's use-auth-secret).
 */

#include "hub/config.h"

/* Renewals within turn-lifetime, so that no credential is handed out shortly before it expires. */
#define ICE_REFRESHES 12

/*
 * `ret` has room for ICE_SERVERS_MAX; `date` is CLOCK_REALTIME. The user name of a TURN server is
 * the date until which it is valid; the exchange appends the user. *ret_secret is for ice_sign(),
 * and NULL without TURN servers; the caller frees it by secret_free(). Returns 0, or negative errno
 * with a sentence in *ret_text when the secret's file cannot be read.
 */
int ice_servers(const Config *config, usec_t date, IceServer *ret, size_t *ret_n, char **ret_secret,
                char **ret_text);
/* Adds the credential to each server that has a user name. Returns 0 or -ENOMEM. */
int ice_sign(const char *secret, IceServer *servers, size_t n);
