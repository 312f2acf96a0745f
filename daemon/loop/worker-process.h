/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A worker process and the connection to it: text messages, each one datagram of a SOCK_SEQPACKET
 * unix socket. wire/worker.h defines the messages.
 *
 * worker_process_spawn() makes a listening socket at a path, starts the program with it as
 * descriptor 3 ($LISTEN_FDS, sd_listen_fds(3)) and connects at once. Messages may be sent before
 * the worker is up: they wait in the socket. The path stays as long as the worker, so that a
 * restarted program can adopt the worker by worker_process_adopt(); a file beside it (".pid") names
 * the process, so that it can also be killed then. A program that ends before its worker calls
 * worker_process_detach().
 *
 * The event loop makes the callbacks, never a function of this header; each may free the object.
 * `gone` comes once, unless the object is freed or detached before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define WORKER_PROCESS_MESSAGE_MAX (64 * 1024) /* bytes of one datagram, either way */
#define WORKER_PROCESS_QUEUE_MAX (1024 * 1024) /* queued bytes; beyond that -ENOBUFS */
/* The time for a worker to end by itself; closing media takes milliseconds. */
#define WORKER_PROCESS_STOP_US (2 * USEC_PER_SEC)
/* The same for an adopted one, whose microphone nothing else closes. */
#define WORKER_PROCESS_STOP_ADOPTED_US (200 * USEC_PER_MSEC)

typedef struct WorkerProcess WorkerProcess;

typedef struct WorkerProcessEvents {
        /* One whole message, NUL-terminated, valid until the callback returns. */
        void (*message)(void *userdata, const char *text, size_t length);
        /*
         * The process has ended (`reason` as in child.h), or an adopted one has disconnected, or
         * was not there at the end of its time, and was killed. `may_run`: nothing names its
         * process, so it was not, and it has not ended either; `reason` says so, too.
         */
        void (*gone)(void *userdata, const char *reason, bool may_run);
} WorkerProcessEvents;

typedef struct WorkerProcessOptions {
        const char *program;          /* path; $PATH is not searched */
        const char *const *arguments; /* the whole argv, with a final NULL */
        const char *socket_path;      /* an older file there is replaced */
        int second_fd;                /* as in ChildOptions */
        const char *fd_names;
} WorkerProcessOptions;

/*
 * Starts a worker. The options are copied where needed. Returns 0, -ENOMEM, -ENAMETOOLONG (the
 * socket's name does not fit sun_path), -ENOENT or -EACCES (the program cannot be run), or the
 * error of socket, bind or fork. A failure leaves nothing behind.
 */
int worker_process_spawn(sd_event *event, const WorkerProcessOptions *options,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret);

/*
 * Connects to a worker that another process started. -ENOENT or -ECONNREFUSED: there is none any
 * more; one that hung and took no connection was killed. -EBUSY: such a one could not be killed, as
 * nothing names its process.
 */
int worker_process_adopt(sd_event *event, const char *socket_path,
                         const WorkerProcessEvents *events, void *userdata, WorkerProcess **ret);

/*
 * Kills the worker if it still runs, and removes the files. An adopted one that nothing names is
 * left with its files, and logged.
 */
WorkerProcess *worker_process_free(WorkerProcess *worker);
DEFINE_CLEANUP(WorkerProcess *, worker_process_free);

/* Frees the object. Process and path stay, so that another program can adopt the worker. */
WorkerProcess *worker_process_detach(WorkerProcess *worker);

/*
 * Queues a copy of one message. `descriptor` (-1: none) is sent with it by SCM_RIGHTS; the caller
 * still owns it. Returns 0, -ENOMEM, -ENOBUFS, -EMSGSIZE, or -ENOTCONN.
 */
int worker_process_send(WorkerProcess *worker, const char *text, size_t length, int descriptor);

/* Bytes that wait, of all queued messages; what the worker reads at once does not. */
size_t worker_process_queued(const WorkerProcess *worker);

/*
 * From now on messages wait until worker_process_release(), in their order;
 * worker_process_drop_held() takes them back. worker_process_send_ahead() is worker_process_send()
 * for one that does not wait.
 */
void worker_process_hold(WorkerProcess *worker);
int worker_process_release(WorkerProcess *worker);
void worker_process_drop_held(WorkerProcess *worker);
int worker_process_send_ahead(WorkerProcess *worker, const char *text, size_t length,
                              int descriptor);

/* Kills the worker, or gives up an adopted one whose process nothing names; `gone` follows. */
int worker_process_kill(WorkerProcess *worker);
bool worker_process_is_adopted(const WorkerProcess *worker);
pid_t worker_process_pid(const WorkerProcess *worker); /* 0: adopted, and not known */

/*
 * Call this after sending the message that asks the worker to end. If the worker is still there
 * after WORKER_PROCESS_STOP_US, or an adopted one after WORKER_PROCESS_STOP_ADOPTED_US, it is
 * killed, and the connection is closed. `gone` follows.
 */
int worker_process_stop(WorkerProcess *worker);
