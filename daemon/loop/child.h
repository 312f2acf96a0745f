/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A child process: started with a clean signal mask and without our descriptors, watched and reaped
 * by pidfd (SIGCHLD need not be blocked), and killed if it does not end in time.
 *
 * The event loop makes the callbacks, never a function of this header; each may free the child.
 * `gone` comes once, after all output, unless the child is freed or detached before.
 */

#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define CHILD_LISTEN_FD 3 /* SD_LISTEN_FDS_START */

typedef struct Child Child;

typedef struct ChildEvents {
        /* Part of the child's standard output; NULL: the child inherits ours. */
        void (*output)(void *userdata, const char *text, size_t length);
        /* The process has ended. `reason` is for a log or a person: "exited", "exited with status
         * 1", "was killed by signal 11". */
        void (*gone)(void *userdata, const char *reason);
} ChildEvents;

typedef struct ChildOptions {
        const char *program;          /* path; $PATH is not searched */
        const char *const *arguments; /* the whole argv, with a final NULL */
        int listen_fd; /* a listening socket to pass as $LISTEN_FDS (sd_listen_fds(3)); -1: none */
        int second_fd; /* passed beside it as the next descriptor; 0 or -1: none */
        const char *fd_names; /* $LISTEN_FDNAMES; NULL: none */
} ChildOptions;

/*
 * Starts a process. Returns 0, -ENOMEM, -ENOENT or -EACCES (the program cannot be run), or the
 * error of pipe, fork or pidfd_open.
 */
int child_new(sd_event *event, const ChildOptions *options, const ChildEvents *events,
              void *userdata, Child **ret);

/* Kills the process if it still runs, and reaps it. */
Child *child_free(Child *child);
DEFINE_CLEANUP(Child *, child_free);

/* Kills the process if it still runs; `gone` follows. */
void child_kill(Child *child);
pid_t child_pid(const Child *child);

/* Frees the object and leaves the process running. */
Child *child_detach(Child *child);

/*
 * Sends `signal` (0: none, when a message has asked the child to end), and kills the process if it
 * still runs after `delay`. A second call does nothing. `gone` follows.
 */
void child_stop(Child *child, int signal, usec_t delay);
