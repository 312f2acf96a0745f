/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/trial.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "rig/rig.h"

#define NAP_US (2 * USEC_PER_MSEC)
#define LATE_MAX_US (10 * USEC_PER_MSEC) /* a frame of a voice */

struct RigTrial {
        pthread_t thread;
        atomic_bool stop;
        _Atomic usec_t fell_asleep; /* the last wake-up */
        _Atomic usec_t latest;      /* maximum since the measurement began */
        usec_t deadline;
};

/* How late a thread wakes now that began its nap at that time. */
static usec_t late_since(usec_t fell_asleep)
{
        usec_t slept = clock_boottime() - fell_asleep;

        return slept - MIN_OF(slept, NAP_US);
}

static void *nap(void *data)
{
        RigTrial *trial = data;
        const struct timespec duration = {.tv_nsec = NAP_US * 1000};

        while (!atomic_load(&trial->stop)) {
                usec_t fell_asleep = clock_boottime(), late;

                atomic_store(&trial->fell_asleep, fell_asleep);
                clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
                late = late_since(fell_asleep);
                if (late > atomic_load(&trial->latest))
                        atomic_store(&trial->latest, late);
        }
        return NULL;
}

RigTrial *rig_trial_new(void)
{
        RigTrial *trial = rig_alloc(sizeof(*trial));

        trial->deadline = rig_deadline();
        trial->fell_asleep = clock_boottime();
        int r = pthread_create(&trial->thread, NULL, nap, trial);
        if (r != 0)
                rig_fail("pthread_create: %s", strerror(r));
        return trial;
}

RigTrial *rig_trial_free(RigTrial *trial)
{
        if (!trial)
                return NULL;
        atomic_store(&trial->stop, true);
        pthread_join(trial->thread, NULL);
        free(trial);
        return NULL;
}

void rig_trial_begin(RigTrial *trial)
{
        atomic_store(&trial->latest, 0);
}

bool rig_trial_judge(RigTrial *trial, bool good, const char *format, ...)
{
        usec_t asleep = late_since(atomic_load(&trial->fell_asleep));
        usec_t latest = MAX_OF(atomic_load(&trial->latest), asleep);
        _cleanup_free_ char *text = NULL;
        va_list ap;

        if (good)
                return true;
        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                rig_fail("out of memory");
        va_end(ap);
        if (latest <= LATE_MAX_US)
                rig_fail("%s", text);
        if (rig_remaining_ms(trial->deadline) > 0)
                return false;
        printf("not judged: %s, on a machine that is late by up to %.1f ms\n", text,
               (double)latest / USEC_PER_MSEC);
        return true;
}
