/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/peer-owner.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/str.h"

#define ADDRESS_HEX_MAX 32 /* digits of an IPv6 address */
#define LINE_SIZE 512      /* bytes; the kernel pads lines to 150 at least */

/* One end of a connection, as the kernel's tables have it. */
typedef struct TableAddress {
        char hex[ADDRESS_HEX_MAX + 1];
        unsigned port;
} TableAddress;

/* The tables show the 32-bit words of an address, in network order, as numbers of this machine. */
static void table_address(const struct sockaddr_storage *address, bool mapped, TableAddress *ret)
{
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

        if (address->ss_family == AF_INET6) {
                uint32_t words[4];

                memcpy(words, &v6->sin6_addr, sizeof(words));
                snprintf(ret->hex, sizeof(ret->hex), "%08X%08X%08X%08X", words[0], words[1],
                         words[2], words[3]);
                ret->port = ntohs(v6->sin6_port);
                return;
        }
        snprintf(ret->hex, sizeof(ret->hex), "%s%08X",
                 mapped ? (htonl(1) == 1 ? "00000000000000000000FFFF" : "0000000000000000FFFF0000")
                        : "",
                 v4->sin_addr.s_addr);
        ret->port = ntohs(v4->sin_port);
}

static bool is_at(const TableAddress *address, const char *hex, unsigned port)
{
        return port == address->port && str_eq(hex, address->hex);
}

/* Looks for the socket at `local` that is connected to `remote`. Returns 1 if it is there. */
static int find(const char *table, const TableAddress *local, const TableAddress *remote,
                uid_t *ret)
{
        _cleanup_(fclosep) FILE *file = fopen(table, "re");
        char line[LINE_SIZE], at[ADDRESS_HEX_MAX + 1], to[ADDRESS_HEX_MAX + 1];
        unsigned at_port, to_port, uid;
        unsigned long inode; /* 0: not accepted yet, or closed */

        if (!file)
                return errno == ENOENT ? 0 : -errno; /* a kernel without IPv6 */
        while (fgets(line, sizeof(line), file))
                if (sscanf(line,
                           " %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %*x %*x:%*x %*x:%*x %*x %u %*d %lu",
                           at, &at_port, to, &to_port, &uid, &inode) == 6 &&
                    inode != 0 && is_at(local, at, at_port) && is_at(remote, to, to_port)) {
                        *ret = uid;
                        return 1;
                }
        return ferror(file) ? -EIO : 0;
}

/* The other end is one of these tables' sockets, with the two addresses exchanged. */
static int find_owner(const struct sockaddr_storage *own, const struct sockaddr_storage *other,
                      uid_t *ret)
{
        TableAddress local, remote;
        int r = 0;

        table_address(other, false, &local);
        table_address(own, false, &remote);
        if (other->ss_family == AF_INET)
                r = find("/proc/net/tcp", &local, &remote, ret);
        if (r != 0)
                return r;
        /* A server that listens for IPv6 and IPv4 alike sees IPv4 as a part of IPv6. */
        table_address(other, true, &local);
        table_address(own, true, &remote);
        return find("/proc/net/tcp6", &local, &remote, ret);
}

int peer_owner(int fd, uid_t *ret)
{
        struct sockaddr_storage own = {}, other = {};
        socklen_t own_length = sizeof(own), other_length = sizeof(other);
        struct ucred peer;
        socklen_t peer_length = sizeof(peer);
        int r;

        if (getsockname(fd, (struct sockaddr *)&own, &own_length) < 0 ||
            getpeername(fd, (struct sockaddr *)&other, &other_length) < 0)
                return -errno;
        if (other.ss_family == AF_UNIX) {
                if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_length) < 0)
                        return -errno;
                *ret = peer.uid;
                return 0;
        }
        if (other.ss_family != AF_INET && other.ss_family != AF_INET6)
                return -EAFNOSUPPORT;
        r = find_owner(&own, &other, ret);
        if (r == 0)
                *ret = PEER_OWNER_UNKNOWN;
        return MIN_OF(r, 0);
}
