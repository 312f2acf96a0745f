/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/origins.h"

#include <errno.h>

#include "base/ini-values.h"
#include "base/str.h"

#define HOST_MAX 255 /* RFC 1035 section 2.3.4 */
#define BLANKS " \t"
#define HTTP_PORT 80
#define HTTPS_PORT 443

/* A host with a port, which is 0 where none is given. */
typedef struct Authority {
        char host[HOST_MAX + 1]; /* with the brackets of IPv6 */
        uint32_t port;
} Authority;

typedef struct Origin {
        Authority authority;
        uint32_t default_port; /* of the scheme */
} Origin;

static bool read_authority(const char *text, size_t length, Authority *ret)
{
        const char *end = text + length, *bracket = memchr(text, ']', length);
        const char *colon = memchr(bracket ?: text, ':', (size_t)(end - (bracket ?: text)));
        size_t host_length = (size_t)((colon ?: end) - text);
        char port[6];

        if (host_length == 0 || host_length > HOST_MAX || strcspn(text, "/?#@") < length)
                return false;
        memcpy(ret->host, text, host_length);
        ret->host[host_length] = '\0';
        ret->port = 0;
        if (!colon)
                return true;
        length = (size_t)(end - colon) - 1;
        if (length >= sizeof(port))
                return false;
        memcpy(port, colon + 1, length);
        port[length] = '\0';
        return number_from_text(port, 5, &ret->port) && ret->port > 0 && ret->port <= UINT16_MAX;
}

static bool read_origin(const char *text, size_t length, Origin *ret)
{
        static const struct {
                const char *text;
                uint32_t port;
        } schemes[] = {{"http://", HTTP_PORT}, {"https://", HTTPS_PORT}};

        for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
                size_t n = strlen(schemes[i].text);

                if (length <= n || strncasecmp(text, schemes[i].text, n) != 0)
                        continue;
                ret->default_port = schemes[i].port;
                return read_authority(text + n, length - n, &ret->authority);
        }
        return false;
}

static uint32_t port_of(const Authority *authority, uint32_t default_port)
{
        return authority->port > 0 ? authority->port : default_port;
}

static bool is_same(const Origin *a, const Origin *b)
{
        return a->default_port == b->default_port &&
               port_of(&a->authority, a->default_port) == port_of(&b->authority, b->default_port) &&
               str_eq_any_case(a->authority.host, b->authority.host);
}

/* The scheme is not compared: a proxy may do the TLS. */
static bool is_own(const Origin *origin, const char *host)
{
        const Authority *page = &origin->authority;
        Authority hub;

        return read_authority(host, strlen(host), &hub) && str_eq_any_case(page->host, hub.host) &&
               (page->port == 0 || page->port == port_of(&hub, origin->default_port));
}

/* Moves *list past its next entry, and returns the length of the entry, which ends before *list. */
static size_t next_entry(const char **list)
{
        *list += strspn(*list, BLANKS);
        size_t length = strcspn(*list, BLANKS);

        *list += length;
        return length;
}

int origins_check(const char *list, char *ret_wrong, size_t size)
{
        Origin origin;
        size_t length;

        while ((length = next_entry(&list)) > 0)
                if (!read_origin(list - length, length, &origin)) {
                        _cleanup_free_ char *wrong = strndup(list - length, length);

                        str_printable(ret_wrong, size, wrong ?: "");
                        return -EINVAL;
                }
        return 0;
}

bool origins_admit(const char *list, const char *text, const char *host)
{
        Origin origin, listed;
        size_t length;

        if (!read_origin(text, strlen(text), &origin))
                return false;
        if (is_own(&origin, host))
                return true;
        while ((length = next_entry(&list)) > 0)
                if (read_origin(list - length, length, &listed) && is_same(&origin, &listed))
                        return true;
        return false;
}
