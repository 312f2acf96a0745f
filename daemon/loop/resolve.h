/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Resolves a host name without blocking the loop: getaddrinfo() runs in a detached thread, which
 * resolve_free() does not wait for.
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
 * Called from the loop. On failure `addresses` is NULL and `reason` explains it. The callback may
 * free the Resolve, and `addresses` with it.
 */
typedef void (*ResolveDone)(void *userdata, const Addresses *addresses, const char *reason);

int resolve_new(sd_event *event, const char *host, ResolveDone done, void *userdata, Resolve **ret);
Resolve *resolve_free(Resolve *resolve); /* no callback follows */
DEFINE_CLEANUP(Resolve *, resolve_free);
