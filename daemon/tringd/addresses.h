/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * By which addresses this machine can be reached from others: those of interfaces that are up,
 * without loopback and without IPv6's link-local ones, by which no call goes.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define ADDRESSES_MAX 32 /* more are not looked at: machines with so many are not carried about */

typedef struct LocalAddresses {
        struct in6_addr addresses[ADDRESSES_MAX]; /* IPv4 ones mapped */
        size_t n_addresses;
} LocalAddresses;

/* Returns 0 or negative errno. */
int addresses_read(LocalAddresses *ret);
/* All of `others` are among them. */
bool addresses_have_all(const LocalAddresses *addresses, const LocalAddresses *others);
