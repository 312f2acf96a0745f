/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The addresses by which other machines can reach this one: those of interfaces that are up,
 * without loopback and IPv6 link-local ones, which no call uses.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* Further addresses are ignored; a machine with more hardly changes networks. */
#define ADDRESSES_MAX 32

typedef struct LocalAddresses {
        struct in6_addr addresses[ADDRESSES_MAX]; /* IPv4 ones mapped */
        size_t n_addresses;
} LocalAddresses;

/* Returns 0 or negative errno. */
int addresses_read(LocalAddresses *ret);
/* Whether `addresses` contains all of `others`. */
bool addresses_have_all(const LocalAddresses *addresses, const LocalAddresses *others);
