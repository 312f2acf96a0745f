/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/path-life.h"

void path_life_arrived(PathLife *life, usec_t at)
{
        if (at > life->arrived)
                life->arrived = at;
}

static usec_t silent_for(const PathLife *life, usec_t now)
{
        return now > life->arrived ? now - life->arrived : 0;
}

PathState path_life_judge(PathLife *life, usec_t now)
{
        if (silent_for(life, now) <= (life->deaf ? PATH_DEAF_SILENT_US : PATH_SILENT_US)) {
                life->interrupted = 0;
                return PATH_CONNECTED;
        }
        /* Counted from now and not from the silence: after sleep there was no time to answer. */
        if (life->interrupted == 0)
                life->interrupted = now;
        return now - life->interrupted >= PATH_INTERRUPTED_US ? PATH_LOST : PATH_INTERRUPTED;
}

bool path_life_wants_answer(const PathLife *life, usec_t now)
{
        return silent_for(life, now) > PATH_ASK_US;
}
