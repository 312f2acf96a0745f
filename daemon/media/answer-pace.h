/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When the other side's offer is answered. It may send any number of them, and webrtcbin queues
 * each without bound: so one is answered at a time, and a few a second. Of those that come
 * meanwhile the newest alone counts. Pure: all times are the caller's, of one clock.
 */

#include <stdbool.h>

#include "base/clock.h"

/* An end offers once for sound, and again as pictures come. */
#define ANSWERS_PER_SECOND_MAX 4

typedef struct AnswerPace {
        bool busy;    /* an answer is being made */
        usec_t began; /* the second in which `n` were made */
        unsigned n;
} AnswerPace;

/* Returns whether an answer may be made now; it then is until answer_pace_done(). */
bool answer_pace_begin(AnswerPace *pace, usec_t now);
void answer_pace_done(AnswerPace *pace);
