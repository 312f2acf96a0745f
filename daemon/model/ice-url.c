/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/ice-url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/str.h"

/* Returns where the host begins, without the brackets of IPv6, and its length; or NULL. */
static const char *find_host(const char *url, size_t *ret_length)
{
        static const char *const schemes[] = {"stun:", "turn:", "turns:"};

        for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
                if (strncmp(url, schemes[i], strlen(schemes[i])) != 0)
                        continue;
                const char *host = url + strlen(schemes[i]);

                *ret_length = *host == '[' ? strcspn(++host, "]") : strcspn(host, ":?");
                return *ret_length > 0 ? host : NULL;
        }
        return NULL;
}

static bool is_address(const char *host)
{
        struct in6_addr address;

        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

bool ice_url_name(const char *url, char ret[static ICE_URL_MAX + 1])
{
        size_t length;
        const char *host = find_host(url, &length);

        if (!host || length > ICE_URL_MAX)
                return false;
        snprintf(ret, ICE_URL_MAX + 1, "%.*s", (int)length, host);
        return !is_address(ret);
}

int ice_url_with_address(const char *url, const char *address, char ret[static ICE_URL_MAX + 1])
{
        size_t length;
        const char *host = find_host(url, &length);
        bool brackets = strchr(address, ':');

        if (!host)
                return -EINVAL;
        const char *rest = host + length;
        if (host[-1] == '[') {
                host--;
                rest += *rest == ']';
        }
        int n = snprintf(ret, ICE_URL_MAX + 1, "%.*s%s%s%s%s", (int)(host - url), url,
                         brackets ? "[" : "", address, brackets ? "]" : "", rest);
        return n > ICE_URL_MAX ? -E2BIG : 0;
}
