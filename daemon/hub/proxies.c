/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/proxies.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"

#define ENTRY_MAX (INET6_ADDRSTRLEN + 4) /* an address, and "/128" */
#define BLANKS " \t"
#define V4_BITS_BEFORE 96 /* of ::ffff:0:0/96, in which IPv4 addresses are compared */

typedef struct AddressBlock {
        struct in6_addr address;
        unsigned bits;
} AddressBlock;

static bool read_address(const char *text, struct in6_addr *ret, bool *ret_v4)
{
        struct in_addr v4;

        if (inet_pton(AF_INET6, text, ret) == 1) {
                *ret_v4 = false;
                return true;
        }
        if (inet_pton(AF_INET, text, &v4) != 1)
                return false;
        *ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
        memcpy(ret->s6_addr + 12, &v4, sizeof(v4));
        *ret_v4 = true;
        return true;
}

static bool read_network(const char *text, AddressBlock *ret)
{
        char address[ENTRY_MAX + 1];
        const char *slash = strchr(text, '/');
        size_t length = slash ? (size_t)(slash - text) : strlen(text);
        unsigned before, most, bits;
        bool v4;

        if (length > ENTRY_MAX)
                return false;
        memcpy(address, text, length);
        address[length] = '\0';
        if (!read_address(address, &ret->address, &v4))
                return false;
        before = v4 ? V4_BITS_BEFORE : 0;
        most = 128 - before;
        bits = most;
        if (slash) {
                size_t digits = strspn(slash + 1, "0123456789");

                if (digits == 0 || digits > 3 || slash[1 + digits])
                        return false;
                bits = (unsigned)strtoul(slash + 1, NULL, 10);
        }
        ret->bits = before + bits;
        return bits <= most;
}

static bool is_in(const AddressBlock *block, const struct in6_addr *address)
{
        unsigned bytes = block->bits / 8, rest = block->bits % 8;
        uint8_t mask = (uint8_t)(0xff00 >> rest);

        return memcmp(block->address.s6_addr, address->s6_addr, bytes) == 0 &&
               (rest == 0 ||
                ((block->address.s6_addr[bytes] ^ address->s6_addr[bytes]) & mask) == 0);
}

/* Copies the next entry of the list, or as much of it as fits, and moves *list past it. */
static bool next_entry(const char **list, char *entry, size_t size)
{
        *list += strspn(*list, BLANKS);
        size_t length = strcspn(*list, BLANKS);
        size_t fits = length < size ? length : size - 1;

        memcpy(entry, *list, fits);
        entry[fits] = '\0';
        *list += length;
        return length > 0;
}

int proxies_check(const char *list, char *ret_wrong, size_t size)
{
        char entry[ENTRY_MAX + 2];
        AddressBlock block;

        while (next_entry(&list, entry, sizeof(entry)))
                if (!read_network(entry, &block)) {
                        str_printable(ret_wrong, size, entry);
                        return -EINVAL;
                }
        return 0;
}

bool proxies_include(const char *list, const char *text)
{
        char entry[ENTRY_MAX + 2];
        struct in6_addr address;
        AddressBlock block;
        bool v4;

        if (!read_address(text, &address, &v4))
                return false;
        while (next_entry(&list, entry, sizeof(entry)))
                if (read_network(entry, &block) && is_in(&block, &address))
                        return true;
        return false;
}

/* Takes the last entry off the first *length bytes. Returns false if it is no address. */
static bool take_last(const char *forwarded, size_t *length, char *ret, size_t size)
{
        size_t end = *length, begin;
        struct in6_addr address;
        bool v4;

        while (end > 0 && strchr(BLANKS, forwarded[end - 1]))
                end--;
        begin = end;
        while (begin > 0 && forwarded[begin - 1] != ',')
                begin--;
        *length = begin > 0 ? begin - 1 : 0;
        begin += strspn(forwarded + begin, BLANKS);
        if (begin >= end || end - begin >= size)
                return false;
        memcpy(ret, forwarded + begin, end - begin);
        ret[end - begin] = '\0';
        return read_address(ret, &address, &v4);
}

void proxies_client(const char *list, const char *peer, const char *forwarded, char *ret,
                    size_t size)
{
        char entry[INET6_ADDRSTRLEN];
        size_t length = strlen(forwarded);

        (void)str_copy(ret, size, peer);
        while (length > 0 && proxies_include(list, ret) &&
               take_last(forwarded, &length, entry, sizeof(entry)))
                (void)str_copy(ret, size, entry);
}
