/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/path-life.h"

#include "base/cleanup.h"

void path_life_arrived(PathLife *life, usec_t at)
{
        if (at <= life->arrived)
                return;
        life->arrived = at;
        life->silent = 0;
}

void path_life_look(PathLife *life, usec_t now)
{
        usec_t since = now > life->arrived ? now - life->arrived : 0;
        usec_t silent = life->silent + own_time_step(&life->time, now);

        life->silent = MIN_OF(silent, since);
}

PathState path_life_state(const PathLife *life)
{
        usec_t silent_max = life->deaf ? PATH_DEAF_SILENT_US : PATH_SILENT_US;

        if (life->silent <= silent_max)
                return PATH_CONNECTED;
        return life->silent <= silent_max + PATH_INTERRUPTED_US ? PATH_INTERRUPTED : PATH_LOST;
}

bool path_life_wants_answer(const PathLife *life)
{
        return life->silent > PATH_ASK_US;
}
