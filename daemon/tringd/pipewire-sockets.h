/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connections to PipeWire of one media worker. tringd opens them, hands them over, and keeps
 * them too: so it can end them, and with them the worker's microphone, whatever the worker does.
 * The worker shuts one down that it no longer needs.
 */

#include <stddef.h>

/* A worker needs two, for sound and for pictures; one that asks for more gets none. */
#define PIPEWIRE_SOCKETS_MAX 8

typedef struct PipeWireSockets {
        int fds[PIPEWIRE_SOCKETS_MAX];
        size_t n;
} PipeWireSockets;

/*
 * Connects to PipeWire where libpipewire would look for it: $PIPEWIRE_REMOTE (a name or a path),
 * else "pipewire-0", in $PIPEWIRE_RUNTIME_DIR, $XDG_RUNTIME_DIR or /run/pipewire. The sockets keep
 * *ret: hand it over before the next call. Returns 0, -ENOBUFS (there are PIPEWIRE_SOCKETS_MAX in
 * use), or the error of connecting.
 */
int pipewire_sockets_open(PipeWireSockets *sockets, int *ret);
/* Ends all connections, on both sides. */
void pipewire_sockets_cut(PipeWireSockets *sockets);
/* Forgets them; those that a worker holds go on. */
void pipewire_sockets_done(PipeWireSockets *sockets);
