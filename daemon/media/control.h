/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The worker's end of its connection to tringd: a listening SOCK_SEQPACKET socket, inherited from
 * tringd, with one connection at a time. A second connection waits in the socket's backlog until
 * the first is closed; that is how a restarted tringd adopts the worker.
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

/* Takes over `fd` on success. Returns 0, -ENOMEM, or -EINVAL: not a listening SEQPACKET socket. */
int control_new(int fd, const ControlEvents *events, void *userdata, Control **ret);
Control *control_free(Control *control);
DEFINE_CLEANUP(Control *, control_free);

/* Passes on the descriptor that came with the current message; -1: none. The caller closes it. */
int control_take_descriptor(Control *control);

/*
 * Whether this worker's tringd does for it what needs other sockets: it opens PipeWire's, writes
 * the log, asks rtkit. It then names the descriptors that it passes (wire/worker.h).
 */
bool control_has_help(void);
bool control_is_connected(const Control *control);
/* Returns whether it is on its way: without a connection, or room in it, it is not. */
bool control_send(Control *control, const WorkerMessage *message);
