/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The worker: one call's media, controlled by tringd (wire/worker.h). */

#include <stdbool.h>

typedef struct WorkerOptions {
        const char *session; /* session id */
        const char *title;   /* for node.description, until a join brings another title */
        bool echo;           /* sends each participant's sound and picture back, without PipeWire */
        int listen_fd;
} WorkerOptions;

/*
 * Runs until WORKER_QUIT, SIGTERM, or WORKER_ORPHAN_S without a tringd that adopts it. Returns 0
 * or negative errno.
 */
int worker_run(const WorkerOptions *options);
