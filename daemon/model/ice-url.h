/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The host of a STUN or TURN server's URL (RFC 7064, RFC 7065). */

#include "model/message.h"

/* Copies the host if it is a name. Returns false for an address, or if it is not such a URL. */
bool ice_url_name(const char *url, char ret[static ICE_URL_MAX + 1]);
/*
 * The same URL with a numeric address (IPv4 or IPv6) in place of its host. Returns 0, -EINVAL (not
 * such a URL), or -E2BIG.
 */
int ice_url_with_address(const char *url, const char *address, char ret[static ICE_URL_MAX + 1]);
