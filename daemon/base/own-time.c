/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/own-time.h"

#include "base/cleanup.h"

usec_t own_time_step(OwnTime *time, usec_t now)
{
        usec_t step = time->looked > 0 && now > time->looked ? now - time->looked : 0;

        time->looked = now;
        return MIN_OF(step, OWN_TIME_STEP_MAX_US);
}
