/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The worker's end of the line to tringd: a listening SOCK_SEQPACKET socket that was handed over,
 * and one controller on it at a time. A second one waits in the socket's queue until the first has
 * gone: that is how a tringd that was restarted adopts the worker.
 */

#include "base/cleanup.h"
#include "wire/worker.h"

typedef struct Control Control;

typedef struct ControlEvents {
        /* A controller is there: it is to be told how things stand. */
        void (*connected)(void *userdata);
        void (*message)(void *userdata, const WorkerMessage *message);
        /* The controller has gone; the next may come. The link may be freed here. */
        void (*gone)(void *userdata);
} ControlEvents;

/* `fd` is taken over on success. -EINVAL: it is no listening SEQPACKET socket; or -ENOMEM. */
int control_new(int fd, const ControlEvents *events, void *userdata, Control **ret);
Control *control_free(Control *link);
DEFINE_CLEANUP(Control *, control_free);

/* The descriptor that came with the message being told, which is then the caller's; -1: none. */
int control_take_descriptor(Control *link);

/* Without a controller, nobody is told. */
void control_send(Control *link, const WorkerMessage *message);
