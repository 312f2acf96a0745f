/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whom an address stands for where addresses are counted: an IPv4 address for itself, an IPv6
 * address for its /64, the block that one customer has, and by the unix socket a local user.
 */

#include <stdint.h>

#define ADDRESS_LOCAL_FORMAT "user %u" /* the address of a local user, by uid */

typedef enum AddressFamily {
        ADDRESS_NONE, /* not an address */
        ADDRESS_IPV4,
        ADDRESS_IPV6,
        ADDRESS_LOCAL,
} AddressFamily;

typedef struct AddressKey {
        uint8_t bytes[8]; /* an IPv4 address or a uid in the first 4 */
        uint8_t family;   /* AddressFamily */
} AddressKey;

/* `address` is text. All bytes are set, so that keys can be compared and hashed as memory. */
AddressKey address_key(const char *address);
