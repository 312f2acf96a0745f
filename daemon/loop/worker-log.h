/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writes the log of a media worker, which may not open the journal's socket. A worker that was
 * taken over can say what it likes here: its lines are bounded, are always those of its own
 * session, and have no fields but those that tring-media uses.
 */

#include "base/log.h"
#include "wire/worker.h"

#define WORKER_LOG_MAX                                                            \
        100 /* lines in LOG_PLACE_WINDOW_US; the worker bounds each of its places \
             */

/* Zero: nothing was written. */
typedef struct WorkerLog {
        LogPlace place;
} WorkerLog;

/* Nothing graver than an error: journald shows an emergency to everybody. */
int worker_log_level(uint32_t level);
void worker_log_write(WorkerLog *log, const char *session_id, const WorkerLogLine *line);
/* The worker has ended: says how many lines were left out at the end. */
void worker_log_done(WorkerLog *log, const char *session_id);
