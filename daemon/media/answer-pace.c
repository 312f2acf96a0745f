/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/answer-pace.h"

bool answer_pace_begin(AnswerPace *pace, usec_t now)
{
        if (pace->busy)
                return false;
        if (now - pace->began >= USEC_PER_SEC) {
                pace->began = now;
                pace->n = 0;
        }
        if (pace->n == ANSWERS_PER_SECOND_MAX)
                return false;
        pace->n++;
        pace->busy = true;
        return true;
}

void answer_pace_done(AnswerPace *pace)
{
        pace->busy = false;
}
