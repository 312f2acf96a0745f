/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/hub-owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

#define KEY "hub-owner="

const uid_t *hub_owner_uid(const HubOwner *owner)
{
        return owner->known ? &owner->uid : NULL;
}

bool hub_owner_learn(HubOwner *owner, const uid_t *uid)
{
        if (owner->known || !uid)
                return false;
        *owner = (HubOwner){.known = true, .uid = *uid};
        return true;
}

void hub_owner_print(const HubOwner *owner, char ret[static HUB_OWNER_LINE_MAX + 1])
{
        *ret = '\0';
        if (owner->known)
                snprintf(ret, HUB_OWNER_LINE_MAX + 1, KEY "%u\n", owner->uid);
}

int hub_owner_parse(const char *line, HubOwner *ret)
{
        HubOwner owner = {.known = !str_empty(line)};
        char expected[HUB_OWNER_LINE_MAX + 1];

        if (owner.known && strncmp(line, KEY, strlen(KEY)) != 0)
                return -EBADMSG;
        if (owner.known)
                owner.uid = (uid_t)strtoul(line + strlen(KEY), NULL, 10);
        hub_owner_print(&owner, expected);
        if (!str_eq(line, expected))
                return -EBADMSG;
        *ret = owner;
        return 0;
}
