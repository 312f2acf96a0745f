/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/address-key.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

AddressKey address_key(const char *address)
{
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        struct in6_addr v6;
        uint32_t uid;
        AddressKey key;

        memset(&key, 0, sizeof(key));
        if (inet_pton(AF_INET6, address, &v6) == 1) {
                bool is_v4 = memcmp(v6.s6_addr, mapped, sizeof(mapped)) == 0;

                key.family = is_v4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
                memcpy(key.bytes, v6.s6_addr + (is_v4 ? 12 : 0), is_v4 ? 4 : 8);
        } else if (inet_pton(AF_INET, address, key.bytes) == 1) {
                key.family = ADDRESS_IPV4;
        } else if (sscanf(address, ADDRESS_LOCAL_FORMAT, &uid) == 1) {
                key.family = ADDRESS_LOCAL;
                memcpy(key.bytes, &uid, sizeof(uid));
        }
        return key;
}
