/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The worker: one call's media, told what to do by tringd (wire/worker.h).
 */

#include <stdbool.h>

typedef struct WorkerOptions {
        const char *session; /* session id */
        const char *title;   /* for node.description until a join brings its own */
        bool echo;           /* no PipeWire: everybody is sent back what they said */
        int listen_fd;
} WorkerOptions;

/* Runs until it is told to quit, is left alone for WORKER_ORPHAN_S, or gets SIGTERM. Returns 0 or
 * negative errno. */
int worker_run(const WorkerOptions *options);
