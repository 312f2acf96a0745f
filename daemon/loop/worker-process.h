/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A worker process and the connection to it: text messages, each one datagram of a SOCK_SEQPACKET
 * unix socket. wire/worker.h defines the messages.
 *
 * worker_process_spawn() makes a listening socket at a path, starts the program with it as
 * descriptor 3 ($LISTEN_FDS, sd_listen_fds(3)) and connects at once. Messages may be sent before
 * the worker is up: they wait in the socket. The path stays, so that a restarted program can adopt
 * the worker with worker_process_adopt(). A program that ends before its worker calls
 * worker_process_detach().
 *
 * The path is removed when the worker is gone.
 *
 * Callbacks come from the event loop, never from inside a function called here; each may free the
 * object. `gone` comes once, unless the object is freed or detached before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define WORKER_PROCESS_MESSAGE_MAX (64 * 1024) /* bytes of one datagram, either way */
#define WORKER_PROCESS_QUEUE_MAX (1024 * 1024) /* bytes waiting for a worker that hangs */
#define WORKER_PROCESS_STOP_US \
        (2 * USEC_PER_SEC) /* for the worker to end by itself: closing media takes ms */

typedef struct WorkerProcess WorkerProcess;

typedef struct WorkerProcessEvents {
        /* One whole message, NUL-terminated, valid until the callback returns. */
        void (*message)(void *userdata, const char *text, size_t length);
        /* The process has ended (`reason` as in child.h), or an adopted one has disconnected. */
        void (*gone)(void *userdata, const char *reason);
} WorkerProcessEvents;

typedef struct WorkerProcessOptions {
        const char *program;          /* path, used as it is, without $PATH */
        const char *const *arguments; /* the whole argv, ended by NULL */
        const char *socket_path;      /* an older file there is replaced */
} WorkerProcessOptions;

/*
 * Starts a worker. The options are copied where needed. Returns 0, -ENOMEM, -ENAMETOOLONG (the
 * socket's path does not fit sun_path), -ENOENT or -EACCES (the program cannot be run), or the
 * error of socket, bind or fork. A failure leaves nothing behind.
 */
int worker_process_spawn(sd_event *event, const WorkerProcessOptions *options,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret);

/* Connects to a worker that another process started. -ECONNREFUSED: it has ended. */
int worker_process_adopt(sd_event *event, const char *socket_path,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret);

/* Kills the worker if it was spawned here and still runs, and removes the path. */
WorkerProcess *worker_process_free(WorkerProcess *worker);
DEFINE_CLEANUP(WorkerProcess *, worker_process_free);

/* Frees the object. Process and path stay, to be adopted. */
WorkerProcess *worker_process_detach(WorkerProcess *worker);

/*
 * Queues one message; copied. `descriptor` goes with it (SCM_RIGHTS) and stays the caller's; -1:
 * none. Returns 0, -ENOMEM, -ENOBUFS, -EMSGSIZE, or -ENOTCONN.
 */
int worker_process_send(WorkerProcess *worker, const char *text, size_t length, int descriptor);

/*
 * Called after the message that asks the worker to end. After WORKER_PROCESS_STOP_US it is killed,
 * or the connection closed if it was adopted. `gone` follows.
 */
int worker_process_stop(WorkerProcess *worker);
