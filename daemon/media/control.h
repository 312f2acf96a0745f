/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The worker's end of its connection to tringd: a listening SOCK_SEQPACKET socket that was handed
 * over, with one connection at a time. A second one waits in the socket's backlog until the first
 * has gone: that is how a restarted tringd adopts the worker.
 */

#include "base/cleanup.h"
#include "wire/worker.h"

typedef struct Control Control;

typedef struct ControlEvents {
        /* A tringd has connected: send it the state. */
        void (*connected)(void *userdata);
        void (*message)(void *userdata, const WorkerMessage *message);
        /* The connection has closed; another one may come. This callback may free the control. */
        void (*gone)(void *userdata);
} ControlEvents;

/* Takes over `fd` on success. -EINVAL: not a listening SEQPACKET socket; or -ENOMEM. */
int control_new(int fd, const ControlEvents *events, void *userdata, Control **ret);
Control *control_free(Control *control);
DEFINE_CLEANUP(Control *, control_free);

/* The descriptor that came with the current message, which the caller then owns; -1: none. */
int control_take_descriptor(Control *control);

/* Does nothing without a connection. */
void control_send(Control *control, const WorkerMessage *message);
