/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/worker-watch.h"

#include <errno.h>
#include <stdlib.h>

#define LOOK_US (1 * USEC_PER_SEC)
#define LOOK_ACCURACY_US (250 * USEC_PER_MSEC) /* lets the kernel batch wakeups */

struct WorkerWatch {
        WorkerLife life;
        sd_event_source *timer;
        const WorkerWatchEvents *events;
        void *userdata;
};

void worker_life_heard(WorkerLife *life)
{
        life->quiet = life->waited = 0;
        life->asked = false;
}

WorkerVerdict worker_life_look(WorkerLife *life, usec_t now)
{
        usec_t step = own_time_step(&life->time, now);

        life->quiet += step;
        if (life->asked) {
                life->waited += step;
                return life->waited >= WORKER_ANSWER_US ? WORKER_IS_DEAD : WORKER_LIVES;
        }
        life->asked = life->quiet >= WORKER_QUIET_US;
        return life->asked ? WORKER_IS_ASKED : WORKER_LIVES;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
        WorkerWatch *watch = userdata;
        usec_t now = clock_boottime();

        switch (worker_life_look(&watch->life, now)) {
        case WORKER_LIVES:
                break;
        case WORKER_IS_ASKED:
                watch->events->ask(watch->userdata);
                break;
        case WORKER_IS_DEAD:
                watch->timer = sd_event_source_disable_unref(watch->timer);
                watch->events->dead(watch->userdata);
                return 0;
        }
        /* From now, not from when it was due: looks that were missed are not made up for. */
        (void)sd_event_source_set_time_relative(source, LOOK_US);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return 0;
}

int worker_watch_new(sd_event *event, const WorkerWatchEvents *events, void *userdata,
                     WorkerWatch **ret)
{
        WorkerWatch *watch = calloc(1, sizeof(*watch));

        if (!watch)
                return -ENOMEM;
        watch->events = events;
        watch->userdata = userdata;
        int r = sd_event_add_time_relative(event, &watch->timer, CLOCK_MONOTONIC, LOOK_US,
                                           LOOK_ACCURACY_US, on_look, watch);
        if (r < 0) {
                worker_watch_free(watch);
                return r;
        }
        *ret = watch;
        return 0;
}

WorkerWatch *worker_watch_free(WorkerWatch *watch)
{
        if (!watch)
                return NULL;
        sd_event_source_disable_unref(watch->timer);
        free(watch);
        return NULL;
}

void worker_watch_heard(WorkerWatch *watch)
{
        worker_life_heard(&watch->life);
}
