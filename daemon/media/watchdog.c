/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/watchdog.h"

#include <glib.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/log.h"

#define LOOK_S 1

static atomic_uint loop_beats;

bool loop_life_look(LoopLife *life, unsigned beats, usec_t hung_max, usec_t now)
{
        life->hung += own_time_step(&life->time, now);
        if (beats != life->beats)
                life->hung = 0;
        life->beats = beats;
        return life->hung >= hung_max;
}

static gboolean beat(void *userdata)
{
        atomic_fetch_add(&loop_beats, 1);
        return G_SOURCE_CONTINUE;
}

/*
 * _exit(), since handlers of exit() may wait for what hangs; nor does the log, whose locks the main
 * loop may hold.
 */
static void *watch(void *userdata)
{
        const usec_t *hung_max = userdata;
        LoopLife life = {};

        while (!loop_life_look(&life, atomic_load(&loop_beats), *hung_max, clock_boottime()))
                g_usleep(LOOK_S * G_USEC_PER_SEC);
        log_last_word(LOG_ERR, "the main loop hangs: the worker ends");
        _exit(EXIT_FAILURE);
}

void watchdog_start(usec_t hung_max)
{
        static usec_t limit;

        limit = hung_max;
        g_timeout_add_seconds(LOOK_S, beat, NULL);
        g_thread_unref(g_thread_new("tring-watchdog", watch, &limit));
}
