/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which web pages may connect. A browser lets any page open a WebSocket to any host, and names the
 * page's origin in the upgrade (RFC 6454; RFC 6455 section 10.2). So the hub takes its own page,
 * and those of a list of origins, separated by blanks: "https://calls.example.org
 * http://localhost:8080". Programs other than browsers send no origin.
 */

#include <stdbool.h>
#include <stddef.h>

/* Returns 0, or -EINVAL with the first wrong entry in `ret_wrong`, cut to its size. */
int origins_check(const char *list, char *ret_wrong, size_t size);

/*
 * May the page of this `Origin` connect to this `Host`? Its own page has the same host and port.
 * The host without a port is taken for any port, since older devices send "http://HOST".
 */
bool origins_admit(const char *list, const char *origin, const char *host);
