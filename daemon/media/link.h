/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The worker's end of the line to tringd: a listening SOCK_SEQPACKET socket that was handed over,
 * and one controller on it at a time. A second one waits in the socket's queue until the first has
 * gone: that is how a tringd that was restarted adopts the worker.
 */

#include "base/cleanup.h"
#include "wire/worker.h"

typedef struct Link Link;

typedef struct LinkEvents {
        /* A controller is there: it is to be told how things stand. */
        void (*connected)(void *userdata);
        void (*message)(void *userdata, const WorkerMessage *message);
        /* The controller has gone; the next may come. The link may be freed here. */
        void (*gone)(void *userdata);
} LinkEvents;

/* `fd` is taken over on success. -EINVAL: it is no listening SEQPACKET socket; or -ENOMEM. */
int link_new(int fd, const LinkEvents *events, void *userdata, Link **ret);
Link *link_free(Link *link);
DEFINE_CLEANUP(Link *, link_free);

/* The descriptor that came with the message being told, which is then the caller's; -1: none. */
int link_take_descriptor(Link *link);

/* Without a controller, nobody is told. */
void link_send(Link *link, const WorkerMessage *message);
