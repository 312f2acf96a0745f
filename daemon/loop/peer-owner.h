/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whose program is at the other end of a connection within this machine. While a hub is down, any
 * user of its machine can listen at its port.
 */

#include <sys/types.h>

#define PEER_OWNER_UNKNOWN ((uid_t)-1) /* it is in another network namespace */

/*
 * `fd` is a stream socket, connected by a unix socket or by loopback, to a program that has sent
 * something: one that has not accepted the connection yet does not own it. Returns 0, also with
 * PEER_OWNER_UNKNOWN, or the negative errno that kept it from finding out.
 */
int peer_owner(int fd, uid_t *ret);
