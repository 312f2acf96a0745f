/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A worker process and the line to it: whole text messages, one a datagram, over a SOCK_SEQPACKET
 * unix socket. What the messages say is not known here (wire/worker.h).
 *
 * worker_process_spawn() makes the listening socket at a path, starts the program with it as
 * descriptor 3 ($LISTEN_FDS, sd_listen_fds(3)) and connects at once, so that messages may be sent
 * before the worker has come up: they wait in the socket. The path stays, so that a program that
 * was restarted can take the worker over by worker_process_adopt(); whoever goes without ending the
 * worker calls worker_process_detach().
 *
 * Nothing is left behind: the child is watched by pidfd and reaped (SIGCHLD need not be blocked),
 * and the path is removed when the worker is gone.
 *
 * Every callback comes from the event loop, never from inside a function called here. `gone` comes
 * exactly once, unless the object is freed or detached before; the object may be freed in any
 * callback.
 */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define WORKER_PROCESS_MESSAGE_MAX (64 * 1024)    /* bytes of one datagram, either way */
#define WORKER_PROCESS_QUEUE_MAX (1024 * 1024)    /* bytes waiting for a worker that hangs */
#define WORKER_PROCESS_STOP_US (2 * USEC_PER_SEC) /* to end by itself: closing media takes ms */
#define WORKER_PROCESS_LISTEN_FD 3                /* SD_LISTEN_FDS_START */

typedef struct WorkerProcess WorkerProcess;

typedef struct WorkerProcessEvents {
        /* One whole message, NUL-terminated, valid until the callback returns. */
        void (*message)(void *userdata, const char *text, size_t length);
        /* The process has ended (adopted: its line is closed). `reason` is for a log or a person:
         * "exited", "exited with status 1", "was killed by signal 11", "closed its line". */
        void (*gone)(void *userdata, const char *reason);
} WorkerProcessEvents;

typedef struct WorkerProcessOptions {
        const char *program;          /* path; run as it is, without $PATH */
        const char *const *arguments; /* the whole argv, ended by NULL */
        const char *socket_path;      /* what stands there from earlier is replaced */
} WorkerProcessOptions;

/*
 * Starts a worker. The options are copied where needed. Returns 0, -ENOMEM, -ENAMETOOLONG (the
 * socket's path does not fit sun_path), -ENOENT or -EACCES (the program cannot be run), or what
 * socket, bind or fork say. A failure leaves nothing behind.
 */
int worker_process_spawn(sd_event *event, const WorkerProcessOptions *options,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret);

/* Connects to a worker that another process started. -ECONNREFUSED: nobody is there any more. */
int worker_process_adopt(sd_event *event, const char *socket_path,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret);

/* Ends it the hard way if it still runs (SIGKILL when spawned here), and removes the path. */
WorkerProcess *worker_process_free(WorkerProcess *worker);
DEFINE_CLEANUP(WorkerProcess *, worker_process_free);

/* Lets go of it: process and path stay for somebody to adopt. The object is freed. */
WorkerProcess *worker_process_detach(WorkerProcess *worker);

/* Queues one message; copied. Returns 0, -ENOMEM, -ENOBUFS, -EMSGSIZE, or -ENOTCONN. */
int worker_process_send(WorkerProcess *worker, const char *text, size_t length);
/* The same with a descriptor that rides along (SCM_RIGHTS); it stays the caller's. -1: none. */
int worker_process_send_with(WorkerProcess *worker, const char *text, size_t length,
                             int descriptor);

/*
 * After the message that asks it to end: the worker has WORKER_PROCESS_STOP_US to do so, then it is
 * killed (adopted: its line is closed). `gone` follows in any case.
 */
int worker_process_stop(WorkerProcess *worker);

/* Of the child, or 0 when adopted. */
pid_t worker_process_pid(const WorkerProcess *worker);
