/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whom an address stands for where addresses are counted: an IPv4 address for itself, an IPv6
 * address for its /64, the block that one customer has.
 */

#include <stdint.h>

typedef struct AddressKey {
        uint8_t bytes[8]; /* an IPv4 address in the first 4 */
        uint8_t family;   /* 4, 6, or 0 for what is no address */
} AddressKey;

/* `address` is text. All bytes are set, so that keys can be compared and hashed as memory. */
AddressKey address_key(const char *address);
