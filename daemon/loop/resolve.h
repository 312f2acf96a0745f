/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A host's name to addresses, without holding up the loop: getaddrinfo() runs in a thread of its
 * own, which does nothing else and is not waited for when the answer is no longer wanted.
 */

#include <arpa/inet.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

#define RESOLVE_ADDRESSES_MAX 8

typedef struct Addresses {
        char text[RESOLVE_ADDRESSES_MAX][INET6_ADDRSTRLEN];
        size_t n;
} Addresses;

typedef struct Resolve Resolve;

/*
 * `addresses` is NULL when there are none, and `reason` says why then. Comes from the loop;
 * the Resolve may be freed in it, and then `addresses` are gone.
 */
typedef void (*ResolveDone)(void *userdata, const Addresses *addresses, const char *reason);

int resolve_new(sd_event *event, const char *host, ResolveDone done, void *userdata, Resolve **ret);
Resolve *resolve_free(Resolve *resolve); /* nothing comes afterwards */
DEFINE_CLEANUP(Resolve *, resolve_free);
