/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

/*
 * Reads an address as IPv6; IPv4 is mapped (RFC 4291 section 2.5.5.2). Returns false for one that
 * no call uses.
 */
static bool read_one(const struct ifaddrs *one, struct in6_addr *ret)
{
        if (!one->ifa_addr || !(one->ifa_flags & IFF_UP) || (one->ifa_flags & IFF_LOOPBACK))
                return false;
        if (one->ifa_addr->sa_family == AF_INET) {
                const struct sockaddr_in *v4 = (const void *)one->ifa_addr;

                *ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
                memcpy(&ret->s6_addr[12], &v4->sin_addr, sizeof(v4->sin_addr));
                return true;
        }
        if (one->ifa_addr->sa_family != AF_INET6)
                return false;
        *ret = ((const struct sockaddr_in6 *)(const void *)one->ifa_addr)->sin6_addr;
        return !IN6_IS_ADDR_LINKLOCAL(ret);
}

int addresses_read(LocalAddresses *ret)
{
        struct ifaddrs *all;

        if (getifaddrs(&all) < 0)
                return -errno;
        *ret = (LocalAddresses){};
        for (const struct ifaddrs *one = all; one && ret->n_addresses < ADDRESSES_MAX;
             one = one->ifa_next)
                ret->n_addresses += read_one(one, &ret->addresses[ret->n_addresses]);
        freeifaddrs(all);
        return 0;
}

static bool have(const LocalAddresses *addresses, const struct in6_addr *address)
{
        for (size_t i = 0; i < addresses->n_addresses; i++)
                if (IN6_ARE_ADDR_EQUAL(&addresses->addresses[i], address))
                        return true;
        return false;
}

bool addresses_have_all(const LocalAddresses *addresses, const LocalAddresses *others)
{
        for (size_t i = 0; i < others->n_addresses; i++)
                if (!have(addresses, &others->addresses[i]))
                        return false;
        return true;
}
