/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/restart-pace.h"

#include "base/cleanup.h"

static void pass(RestartPace *pace, usec_t now)
{
        usec_t step = own_time_step(&pace->time, now);

        pace->since += step;
        pace->unlooked += step;
}

/* How long after the last attempt another one is made. */
static usec_t patience(const RestartPace *pace)
{
        usec_t us = RESTART_AGAIN_US;

        for (unsigned i = 1; i < pace->in_a_row && us < RESTART_AGAIN_MAX_US; i++)
                us *= 2;
        return MIN_OF(us, RESTART_AGAIN_MAX_US);
}

void restart_pace_attempted(RestartPace *pace, usec_t now)
{
        pass(pace, now);
        pace->since = 0;
        pace->attempted = true;
        pace->due = false;
}

bool restart_pace_is_recent(RestartPace *pace, usec_t now)
{
        pass(pace, now);
        return pace->attempted && pace->since < RESTART_LEAST_US;
}

bool restart_pace_want(RestartPace *pace, usec_t now)
{
        pace->due = restart_pace_is_recent(pace, now);
        return !pace->due;
}

static bool is_due_for_loss(const RestartPace *pace)
{
        return pace->lost >= (pace->offers ? 1 : RESTART_ASK_US) &&
               (!pace->attempted || pace->since >= patience(pace));
}

bool restart_pace_look(RestartPace *pace, bool connected, bool lost, usec_t now)
{
        pass(pace, now);
        pace->lost = lost ? pace->lost + pace->unlooked : 0;
        pace->held = connected ? pace->held + pace->unlooked : 0;
        pace->unlooked = 0;
        if (pace->held >= RESTART_HELD_US)
                pace->in_a_row = 0;
        if (pace->due && pace->since >= RESTART_LEAST_US)
                return true;
        if (!is_due_for_loss(pace))
                return false;
        pace->in_a_row++;
        return true;
}
