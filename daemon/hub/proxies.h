/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The proxies before the hub that are trusted to say for whom they speak (X-Forwarded-For). They
 * are a list of addresses, separated by blanks, each with or without a prefix length:
 * "127.0.0.1 ::1 10.0.0.0/8".
 */

#include <stdbool.h>
#include <stddef.h>

/* Returns 0, or -EINVAL with the first wrong entry in `ret_wrong`, cut to its size. */
int proxies_check(const char *list, char *ret_wrong, size_t size);

bool proxies_include(const char *list, const char *address);

/*
 * The address of the client that has connected from `peer`, `forwarded` being its X-Forwarded-For:
 * "CLIENT, PROXY, PROXY". Each proxy appends whom it heard, so only what a trusted proxy has
 * appended counts: the last entry that is not one itself. Anything else may have been made up by
 * the client. Writes `peer` if that is no trusted proxy, or has said nothing that can be read.
 */
void proxies_client(const char *list, const char *peer, const char *forwarded, char *ret,
                    size_t size);
