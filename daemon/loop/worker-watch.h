/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether a media worker is alive: one that has been silent for a while is asked for an answer, and
 * is given up if it gives none. Only time in which this program itself ran counts. WorkerLife is
 * pure; WorkerWatch has the timer.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/own-time.h"

#define WORKER_QUIET_US (5 * USEC_PER_SEC)   /* silent for so long, it is asked */
#define WORKER_ANSWER_US (10 * USEC_PER_SEC) /* that it has for an answer */

typedef enum WorkerVerdict {
        WORKER_LIVES,
        WORKER_IS_ASKED, /* now: ask it */
        WORKER_IS_DEAD,
} WorkerVerdict;

/* Zero: just begun. */
typedef struct WorkerLife {
        OwnTime time;
        usec_t quiet;  /* since it was last heard */
        usec_t waited; /* for its answer */
        bool asked;
} WorkerLife;

void worker_life_heard(WorkerLife *life);
/* Call it about once a second. */
WorkerVerdict worker_life_look(WorkerLife *life, usec_t now);

typedef struct WorkerWatch WorkerWatch;

typedef struct WorkerWatchEvents {
        void (*ask)(void *userdata);
        void (*dead)(void *userdata); /* once */
} WorkerWatchEvents;

/* Returns 0 or negative errno. */
int worker_watch_new(sd_event *event, const WorkerWatchEvents *events, void *userdata,
                     WorkerWatch **ret);
WorkerWatch *worker_watch_free(WorkerWatch *watch);
DEFINE_CLEANUP(WorkerWatch *, worker_watch_free);
/* Anything has come from the worker. */
void worker_watch_heard(WorkerWatch *watch);
