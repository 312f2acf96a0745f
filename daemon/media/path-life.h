/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether the network path to another participant is alive, judged by when something last came by
 * it, whatever it was: a voice, a picture, a report, or the answer to a question that is sent only
 * to hear whether anybody is there (RFC 7675). So a participant who sends no voice, because their
 * microphone is missing, is not taken for lost. Pure: all times are the caller's, of one clock.
 */

#include <stdbool.h>

#include "base/clock.h"

/* Without a sign of life for so long, the path is interrupted. */
#define PATH_SILENT_US (3 * USEC_PER_SEC)
/* The same where answers cannot be heard: receivers report every 2.5 to 7.5 s (RFC 3550). */
#define PATH_DEAF_SILENT_US (10 * USEC_PER_SEC)
/* Interrupted for so long, it is lost: one that recovers by itself has done so by then. */
#define PATH_INTERRUPTED_US (2 * USEC_PER_SEC)
/* After so much silence the other side is asked, early enough for an answer or two to get lost. */
#define PATH_ASK_US (500 * USEC_PER_MSEC)

typedef enum PathState {
        PATH_CONNECTED,
        PATH_INTERRUPTED,
        PATH_LOST, /* another connection should take its place */
} PathState;

typedef struct PathLife {
        usec_t arrived;     /* the last sign of life */
        usec_t interrupted; /* when it was first found interrupted; 0: it is not */
        bool deaf;          /* answers to questions cannot be heard on this path */
} PathLife;

/* Something has arrived at `at`. Calls need not be in order. */
void path_life_arrived(PathLife *life, usec_t at);
PathState path_life_judge(PathLife *life, usec_t now);
/* Whether the other side should be asked now whether it is there. */
bool path_life_wants_answer(const PathLife *life, usec_t now);
