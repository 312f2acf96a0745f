/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Real time for the sound threads of one media worker, from rtkit (org.freedesktop.RealtimeKit1):
 * a user may have no right to real time, and a worker may reach no bus. The system bus is opened
 * when a worker asks, and closed when rtkit has answered.
 */

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"

/*
 * Of one worker: it has two, and two more each time PipeWire restarts. rtkit serves 25 of a user in
 * 20 s, so that a worker that asks at will takes nothing from others.
 */
#define REALTIME_THREADS_MAX 16

typedef struct Realtime Realtime;

/* `process` is the worker's. Returns 0 or -ENOMEM. */
int realtime_new(sd_event *event, pid_t process, const char *session_id, Realtime **ret);
Realtime *realtime_free(Realtime *realtime);
DEFINE_CLEANUP(Realtime *, realtime_free);

/*
 * Asks for `thread` of the process; of more than REALTIME_THREADS_MAX it ignores the rest. A
 * failure is logged: the sound then has gaps on a busy machine.
 */
void realtime_give(Realtime *realtime, uint32_t thread);
