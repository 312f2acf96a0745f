/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whose program a hub on this machine was when it first welcomed a token: nobody else's gets that
 * token again (HubClientOptions.owner). It is stored beside the token, as a line.
 */

#include <stdbool.h>
#include <stddef.h>

#include "loop/peer-owner.h"

#define HUB_OWNER_LINE_MAX 32 /* bytes, with the line's end */

typedef struct HubOwner {
        bool known; /* the hub is on this machine, and has welcomed us */
        uid_t uid;  /* or PEER_OWNER_UNKNOWN */
} HubOwner;

/* For HubClientOptions.owner; borrowed. */
const uid_t *hub_owner_uid(const HubOwner *owner);

/* Takes what hub_client_owner() says after a welcome. Returns whether that is new. */
bool hub_owner_learn(HubOwner *owner, const uid_t *uid);

/* Writes the line, or the empty text for an owner that is not known. */
void hub_owner_print(const HubOwner *owner, char ret[static HUB_OWNER_LINE_MAX + 1]);
/* Reads what hub_owner_print() has written. Returns 0 or -EBADMSG. */
int hub_owner_parse(const char *line, HubOwner *ret);
